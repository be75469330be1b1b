/**
 * The project's own bitmap font, drawn for it and under its licence (MIT): printable ASCII in a
 * 5×8 box, capitals seven rows high, the eighth row for what hangs below the line. Shapes are
 * kept apart on purpose (0 and O, 1, I and l), because people read serial numbers from it.
 *
 * ```
 * # # # # .     column bytes, top row in bit 0
 * # . . . #     "R" is 7f 09 19 29 46
 * ```
 */
export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 8;
/** From one character's left edge to the next one's. */
export const ADVANCE = 6;
export const LINE_HEIGHT = 8;

const FIRST = 0x20;
const LAST = 0x7e;
const UNKNOWN = 0x3f;
const HEX = "0123456789abcdef";

/** Five column bytes for each character, hexadecimal. */
const GLYPHS =
  // space ! " # $ % & '
  "000000000000005f00000003000300147f147f14242a7f2a12631308646336495522500000030000" +
  // ( ) * + , - . /
  "001c2241000041221c00082a1c2a0808083e080800a0600000080808080800606000004030080601" +
  // 0 1 2 3 4 5 6 7
  "3e5149453e00427f400042615149462141454b311814127f1027454545393c4a4949300171090503" +
  // 8 9 : ; < = > ?
  "3649494936064949291e003636000000563600000814224100141414141400412214080201510906" +
  // @ A B C D E F G
  "3e415d555e7c1211127c7f494949363e414141227f4141221c7f494949417f090909013e4149497a" +
  // H I J K L M N O
  "7f0808087f00417f41002040413f017f081422417f404040407f020c027f7f0608307f3e4141413e" +
  // P Q R S T U V W
  "7f090909063e4151215e7f09192946464949493101017f01013f4040403f1f2040201f7f2018207f" +
  // X Y Z [ \ ] ^ _
  "631408146303047804036151494543007f41410001060830400041417f0004020102048080808080" +
  // ` a b c d e f g
  "000102000020545454787f444444383844444444384444447f3854545458087e09010218a4a4a47c" +
  // h i j k l m n o
  "7f0404047800447d40004080847d007f1028440000417f40007c047804787c040404783844444438" +
  // p q r s t u v w
  "fc2424241818242424fc7c080404084854545424043f4440203c4040207c1c2040201c3c4030403c" +
  // x y z { | } ~
  "44281028441ca0a0a07c4464544c44000836414100007f00004141360800180408100c";

/**
 * The same as bytes, from the space on: {@link GLYPH_WIDTH} of each character. Made when the
 * module is loaded, which on the device is when the image is linked: they lie in flash.
 */
export const GLYPH_COLUMNS: Uint8Array = Uint8Array.from(
  { length: GLYPHS.length / 2 },
  (_, i) => 16 * HEX.indexOf(GLYPHS[2 * i]!) + HEX.indexOf(GLYPHS[2 * i + 1]!),
);

/**
 * One column of a character, 0 ≤ `column` < {@link GLYPH_WIDTH}: bit 0 is the top row. What is
 * not printable ASCII looks like a question mark.
 */
export function glyphColumn(code: number, column: number): number {
  const known = code >= FIRST && code <= LAST ? code : UNKNOWN;
  return GLYPH_COLUMNS[(known - FIRST) * GLYPH_WIDTH + column]!;
}
