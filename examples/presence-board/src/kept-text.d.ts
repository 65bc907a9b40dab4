export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>;
export declare class KeptText {
    #private;
    private readonly open;
    private readonly key;
    /** `open` gives the storage; where it is forbidden, reading the global itself throws. */
    constructor(open: () => TextStorage, key: string);
    read(): string | null;
    write(text: string): void;
}
//# sourceMappingURL=kept-text.d.ts.map