import { type Identity, type Member } from './member.js';
import { type RoomClient } from './room-client.js';
/** Reads in flight together: fills a link of 100 ms without coming near a gateway's limit on calls in flight. */
export declare const READS_AT_ONCE = 16;
/** Passes in a row that may fail while the link is up; the last one ends 8 s after the first. */
export declare const MAX_FAILED_PASSES = 5;
/** What a visit reports to; the members outlive it, so that a new session changes no card needlessly. */
export interface Register {
    identity(): Identity;
    nodes(): Iterable<string>;
    put(member: Member): void;
    remove(node: string): void;
    /** Everything put and removed since the last time is one change of the room. */
    publish(): void;
    failed(error: unknown): void;
}
export interface Timing {
    now(): number;
    wait(ms: number): Promise<void>;
}
export declare class Visit {
    #private;
    private readonly client;
    private readonly room;
    private readonly register;
    private readonly timing;
    constructor(client: RoomClient, room: string, register: Register, timing: Timing);
    /** The session is attached. Its watches survived; whatever a lost call was to read is still stale. */
    linkUp(): void;
    identityChanged(): void;
    /** The session is over, and with it its watches; answers still to come are ignored. */
    end(): void;
}
//# sourceMappingURL=visit.d.ts.map