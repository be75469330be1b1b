#include <string.h>
#include "glyphs.h"

/* Each pixel of a column `scale` times. */
static uint32_t stretched(uint8_t bits, int scale)
{
	uint32_t one = (1u << scale) - 1, tall = 0;
	int row;

	for (row = 0; row < 8; row++) {
		if (bits & (1 << row))
			tall |= one << (row * scale);
	}
	return tall;
}

/* Up to 24 pixels from (x, y) down: eight at once, as they lie in a byte. */
static void drawColumn(const LkPicture *picture, uint32_t pixels, int x, int y, int dark)
{
	int page = y < 0 ? 0 : y >> 3;
	uint32_t rest;

	if ((x < 0) || (x >= picture->width))
		return;
	if (y < 0)
		rest = y > -32 ? pixels >> -y : 0;
	else
		rest = pixels << (y & 7);
	for (; rest && (page < picture->pages); page++, rest >>= 8) {
		uint8_t *at = picture->bytes + page * picture->width + x;

		if (dark)
			*at &= (uint8_t)~rest;
		else
			*at |= (uint8_t)rest;
	}
}

void lkDrawText(const LkPicture *picture, const uint8_t *columns, const char *text, int x, int y,
	int scale, int dark)
{
	for (; *text; text++, x += LK_GLYPH_ADVANCE * scale) {
		const uint8_t *glyph = columns + LK_GLYPH_COLUMNS * (*text - LK_GLYPH_FIRST);
		int column, step;

		for (column = 0; column < LK_GLYPH_COLUMNS; column++) {
			uint32_t tall = stretched(glyph[column], scale);

			for (step = 0; tall && (step < scale); step++)
				drawColumn(picture, tall, x + column * scale + step, y, dark);
		}
	}
}

int lkChangedSpan(const uint8_t *drawn, const uint8_t *shown, size_t length, size_t gapMax,
	size_t *first, size_t *last)
{
	size_t at = 0;

	while ((at < length) && (drawn[at] == shown[at]))
		at++;
	if (at == length)
		return 0;
	*first = *last = at;
	for (at++; at < length; at++) {
		if (drawn[at] != shown[at])
			*last = at;
		else if (at - *last > gapMax)
			break;
	}
	return 1;
}

size_t lkTakeSpan(uint8_t *out, const uint8_t *drawn, uint8_t *shown, int page, size_t first,
	size_t last)
{
	const uint8_t where[6] = { 0x22, (uint8_t)page, (uint8_t)page, 0x21, (uint8_t)first, (uint8_t)last };
	size_t count = last + 1 - first, i;

	/* One command each, then a stream of data (SSD1306 data sheet 8.1.5.2). */
	for (i = 0; i < sizeof(where); i++) {
		*out++ = 0x80;
		*out++ = where[i];
	}
	*out++ = 0x40;
	memcpy(out, drawn + first, count);
	memcpy(shown + first, drawn + first, count);
	return LK_SPAN_HEAD + count;
}
