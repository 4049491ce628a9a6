"""What every page is shown with: charts, messages, formats, forms.

Page parts and pages import from here; nothing here knows a particular page.
"""
