const LENGTH_MAX = 1000;

/** The parts that are told apart, the first that fits; literals before names, because some begin like one (`E'…'`). */
const PARTS = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<dollar>\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    String.raw`(?<escaped>[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$))`,
    String.raw`(?<text>(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*(?:'|$))`,
    String.raw`(?<name>"(?:[^"]|"")*"|\$\d+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`,
  ].join('|'),
  'g',
);

/** The shape of a statement: one that was put together might carry values, so every literal becomes `?`. */
export function normalizeStatement(text: string): string {
  return text
    .replace(PARTS, (part, ...rest) => {
      const { name, comment } = rest.at(-1) as Record<string, string | undefined>;
      if (name !== undefined) return part;
      return comment === undefined ? '?' : ' ';
    })
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LENGTH_MAX);
}
