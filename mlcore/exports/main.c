/*
 * Reads images and prints, for each, the class and how likely every class is.
 *
 *     cc -O2 -o answer main.c -lm
 *     ./answer image.txt
 *
 * An image is as many numbers from 0 (paper) to 255 (ink) as it has pixels, row by row, with spaces, commas or line
 * ends between them. Without the name of a file it is read from the standard input; more images may follow it.
 */
#include <ctype.h>
#include <stdio.h>

#include "model.h"

#define PIXELS (MODEL_HEIGHT * MODEL_WIDTH)

/* Goes on to the next number; returns whether there is anything. */
static int find_number(FILE *file)
{
    int sign = getc(file);
    while (isspace(sign) || sign == ',') sign = getc(file);
    ungetc(sign, file);
    return sign != EOF;
}

/* Reads one image; returns how many pixels were there and right. */
static int read_image(FILE *file, uint8_t *pixels)
{
    for (int k = 0; k < PIXELS; k++) {
        long number;
        if (!find_number(file) || fscanf(file, "%ld", &number) != 1 || number < 0 || number > 255) return k;
        pixels[k] = (uint8_t)number;
    }
    return PIXELS;
}

int main(int count, char **words)
{
    static uint8_t pixels[PIXELS];
    static float probabilities[MODEL_CLASSES];
    FILE *file = count > 1 ? fopen(words[1], "r") : stdin;
    if (!file) {
        fprintf(stderr, "The file %s cannot be opened. Is its name right?\n", words[1]);
        return 1;
    }
    do {
        const int found = read_image(file, pixels);
        if (found < PIXELS) {
            fprintf(stderr, "An image is %d numbers from 0 to 255, and number %d is missing or is none.\n", PIXELS, found + 1);
            return 1;
        }
        model_probabilities(pixels, probabilities);
        printf("%s\n", model_names[model_likeliest(probabilities)]);
        for (int k = 0; k < MODEL_CLASSES; k++) printf("%s %.6f\n", model_names[k], probabilities[k]);
    } while (find_number(file));
    return 0;
}
