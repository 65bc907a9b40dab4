import { type Colour } from './colours.js';
/** What a page says about its visitor. */
export interface Identity {
    readonly name: string;
    readonly colour: Colour;
}
export interface Member extends Identity {
    /** Name of the node, without the room's path. */
    readonly node: string;
    /** Milliseconds since the epoch. */
    readonly joinedAt: number;
    /** The node belongs to this page's session. */
    readonly mine: boolean;
}
/** Longest name that is written or shown, in characters: a card has two lines for it. */
export declare const MAX_NAME_LENGTH = 40;
export interface MemberNode {
    json(): unknown;
    stat: {
        ctime: number;
        owner: 'mine' | 'other' | null;
    };
}
export declare function readMember(node: string, { json, stat }: MemberNode): Member;
/** The node data for a visitor. `joinedAt` is in milliseconds since the epoch. */
export declare function memberData({ name, colour }: Identity, joinedAt: number): object;
/** The name as it may be written and shown; null when nothing is left of it. */
export declare function cleanName(value: unknown): string | null;
export declare function sameMember(one: Member, other: Member): boolean;
//# sourceMappingURL=member.d.ts.map