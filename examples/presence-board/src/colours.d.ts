export declare const COLOURS: readonly ['vermilion', 'marigold', 'cobalt', 'lagoon', 'plum', 'sky', 'rose', 'moss', 'tangerine', 'slate'];
export type Colour = (typeof COLOURS)[number];
/** The colour of that name, or for anything else one that is always the same for the same seed. */
export declare function colourOr(seed: string, value: unknown): Colour;
/** FNV-1a, 32 bits: small, and spreads names that differ in one digit, as sequential nodes do. */
export declare function hash(text: string): number;
//# sourceMappingURL=colours.d.ts.map