/* glyphs.c for XS. Nothing here makes an object, so what the arguments point to stays in place. */
#include <string.h>
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../bytes.h"
#include "../glyphs.h"

#define FONT_BYTES (LK_GLYPH_COLUMNS * (LK_GLYPH_LAST - LK_GLYPH_FIRST + 1))

/* drawText(picture, width, columns, text, x, y, scale, dark): false for what is not ASCII */
void xs_latchkey_glyphs_draw_text(xsMachine *the)
{
	const char *text = xsmcToString(xsArg(3));
	xsIntegerValue width = xsmcToInteger(xsArg(1)), scale = xsmcToInteger(xsArg(6));
	xsUnsignedValue pictureBytes, fontBytes;
	void *picture, *columns;
	LkPicture whole;

	xsmcGetBufferWritable(xsArg(0), &picture, &pictureBytes);
	xsmcGetBufferReadable(xsArg(2), &columns, &fontBytes);
	if ((width < 1) || (fontBytes != FONT_BYTES))
		xsRangeError("no picture, or no font");
	xsmcSetBoolean(xsResult, 0);
	if ((scale < 1) || (scale > LK_GLYPH_SCALE_MAX) || !lkIsPrintable(text, strlen(text)))
		return;
	whole = (LkPicture){ picture, width, (int)(pictureBytes / (xsUnsignedValue)width) };
	lkDrawText(&whole, columns, text, xsmcToInteger(xsArg(4)), xsmcToInteger(xsArg(5)), scale,
		xsmcToBoolean(xsArg(7)));
	xsmcSetBoolean(xsResult, 1);
}

/* changedSpan(drawn, shown, start, length, gapMax): first * 65536 + last, or -1 */
void xs_latchkey_glyphs_changed_span(xsMachine *the)
{
	xsIntegerValue start = xsmcToInteger(xsArg(2)), length = xsmcToInteger(xsArg(3));
	xsIntegerValue gapMax = xsmcToInteger(xsArg(4));
	xsUnsignedValue drawnBytes, shownBytes;
	void *drawn, *shown;
	size_t first, last;

	xsmcGetBufferReadable(xsArg(0), &drawn, &drawnBytes);
	xsmcGetBufferReadable(xsArg(1), &shown, &shownBytes);
	if ((start < 0) || (length < 0) || (length > 0x7fff) || (gapMax < 0) || (drawnBytes != shownBytes)
		|| ((xsUnsignedValue)start + (xsUnsignedValue)length > drawnBytes))
		xsRangeError("outside of the picture");
	if (lkChangedSpan((uint8_t *)drawn + start, (uint8_t *)shown + start, (size_t)length, (size_t)gapMax,
			&first, &last))
		xsmcSetInteger(xsResult, (xsIntegerValue)(first << 16 | last));
	else
		xsmcSetInteger(xsResult, -1);
}
