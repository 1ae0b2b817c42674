/**
 * A 5 x 7 bitmap font for captions, so that a picture needs no font file. Every glyph is seven base-32 digits, one a row from
 * the top; the five bits of a digit are the pixels from left to right (`A` = "ehhvhhh": .###. #...# #...# ##### ...).
 */
const GLYPHS =
  '0000000 4444004 aaa0000 aavavaa 4fke5u4 op248j3 cik8lid c480000 2488842 8422248 04lel40 044v440 0000c48 000v000 ' +
  '00000cc 01248g0 ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ehhehhe ehhf12c 0cc0cc0 0cc0c48 ' +
  '248g842 00v0v00 8421248 eh12404 eh1dlle ehhvhhh uhhuhhu ehggghe sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e ' +
  '72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla ' +
  'hha4ahh hhha444 v1248gv e88888e 0g84210 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge ' +
  '698s888 0fhhf1e ggmphhh 40c444e 20622ic ggikoki c44444e 00qllll 00mphhh 00ehhhe 00uhugg 00djf11 00mpggg 00ege1u ' +
  '88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhf1e 00v248v 2448442 4444444 8442448 008l200';

const ROWS = GLYPHS.split(' ').map((glyph) => [...glyph].map((digit) => Number.parseInt(digit, 32)));
const UNKNOWN = [31, 17, 17, 17, 17, 17, 31];

/** Height of a line of text in font pixels, without leading. */
export const FONT_HEIGHT = 7;
const ADVANCE = 6;

/** Width of a text in font pixels. */
export function textWidth(text: string): number {
  return Math.max(0, text.length * ADVANCE - 1);
}

/** Calls `paint(x, y)` for each font pixel of a text whose top left corner is (0, 0); what is not ASCII becomes a box. */
export function drawText(text: string, paint: (x: number, y: number) => void): void {
  for (let i = 0; i < text.length; i++) {
    const rows = ROWS[text.charCodeAt(i) - 32] ?? UNKNOWN;
    rows.forEach((bits, y) => {
      for (let x = 0; x < 5; x++) if ((bits >> (4 - x)) & 1) paint(i * ADVANCE + x, y);
    });
  }
}

/** The longest beginning of a text that fits a width in font pixels; two dots stand for what is cut. */
export function fitText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const room = Math.floor((width + 1) / ADVANCE) - 2;
  return room > 0 ? `${text.slice(0, room)}..` : '';
}
