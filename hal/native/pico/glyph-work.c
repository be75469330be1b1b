/* glyphs.c for XS. What makes an object may move what the arguments point to: they are asked for after. */
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

/* changedSpan(drawn, shown, width, start, gapMax): page * 65536 + first * 256 + last, or -1 */
void xs_latchkey_glyphs_changed_span(xsMachine *the)
{
	xsIntegerValue width = xsmcToInteger(xsArg(2)), page = xsmcToInteger(xsArg(3));
	xsIntegerValue gapMax = xsmcToInteger(xsArg(4)), pages, looked;
	xsUnsignedValue drawnBytes, shownBytes;
	void *drawn, *shown;

	xsmcGetBufferReadable(xsArg(0), &drawn, &drawnBytes);
	xsmcGetBufferReadable(xsArg(1), &shown, &shownBytes);
	if ((width < 1) || (width > 256) || (gapMax < 0) || (drawnBytes != shownBytes)
		|| (page < 0) || ((xsUnsignedValue)page >= drawnBytes / (xsUnsignedValue)width))
		xsRangeError("no such page of the picture");
	pages = (xsIntegerValue)(drawnBytes / (xsUnsignedValue)width);
	xsmcSetInteger(xsResult, -1);
	for (looked = 0; looked < pages; looked++, page = (page + 1) % pages) {
		size_t first, last;

		if (lkChangedSpan((uint8_t *)drawn + page * width, (uint8_t *)shown + page * width,
				(size_t)width, (size_t)gapMax, &first, &last)) {
			xsmcSetInteger(xsResult, page << 16 | (xsIntegerValue)(first << 8 | last));
			return;
		}
	}
}

/* takeSpan(drawn, shown, width, page, first, last): ArrayBuffer */
void xs_latchkey_glyphs_take_span(xsMachine *the)
{
	xsIntegerValue width = xsmcToInteger(xsArg(2)), page = xsmcToInteger(xsArg(3));
	xsIntegerValue first = xsmcToInteger(xsArg(4)), last = xsmcToInteger(xsArg(5));
	xsUnsignedValue drawnBytes, shownBytes;
	void *drawn, *shown;

	xsmcGetBufferReadable(xsArg(0), &drawn, &drawnBytes);
	xsmcGetBufferWritable(xsArg(1), &shown, &shownBytes);
	if ((width < 1) || (width > 256) || (drawnBytes != shownBytes) || (page < 0)
		|| ((xsUnsignedValue)page >= drawnBytes / (xsUnsignedValue)width)
		|| (first < 0) || (last < first) || (last >= width))
		xsRangeError("no such columns of the picture");
	xsmcSetArrayBuffer(xsResult, NULL, LK_SPAN_HEAD + last + 1 - first);
	xsmcGetBufferReadable(xsArg(0), &drawn, &drawnBytes);
	xsmcGetBufferWritable(xsArg(1), &shown, &shownBytes);
	lkTakeSpan(xsmcToArrayBuffer(xsResult), (uint8_t *)drawn + page * width,
		(uint8_t *)shown + page * width, page, (size_t)first, (size_t)last);
}
