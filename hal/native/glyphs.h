/* Drawing into a picture of one bit per pixel as the SSD1306 keeps it. Twin: hal/framebuffer.ts. */
#include <stddef.h>
#include <stdint.h>

#define LK_GLYPH_COLUMNS 5
#define LK_GLYPH_ADVANCE 6
#define LK_GLYPH_FIRST 0x20
#define LK_GLYPH_LAST 0x7e
#define LK_GLYPH_SCALE_MAX 3

typedef struct {
	uint8_t *bytes;
	int width;
	/* In pages of eight rows. */
	int pages;
} LkPicture;

/* Text of printable ASCII; `columns` are five bytes for each character. Outside is cut off. */
void lkDrawText(const LkPicture *picture, const uint8_t *columns, const char *text, int x, int y,
	int scale, int dark);

/* The first stretch that differs, small gaps included; 0 when there is none. */
int lkChangedSpan(const uint8_t *drawn, const uint8_t *shown, size_t length, size_t gapMax,
	size_t *first, size_t *last);

/*
 * What brings the columns from `first` to `last` of a page to the panel; from then on they are taken for
 * shown. Both pictures are given from the page on. How many bytes; room for LK_SPAN_HEAD more than columns.
 */
#define LK_SPAN_HEAD 13
size_t lkTakeSpan(uint8_t *out, const uint8_t *drawn, uint8_t *shown, int page, size_t first,
	size_t last);
