import { type Identity, type Member } from './member.js';
import type { RoomClient } from './room-client.js';
import { type Timing } from './visit.js';
export type RoomChange = {
    kind: 'joined' | 'left';
    member: Member;
} | {
    kind: 'changed';
    member: Member;
    previous: Member;
};
export interface RoomOptions {
    client: RoomClient;
    /** Path of the room's node; it and its parents are created where they are missing. */
    path: string;
    identity: Identity;
    /** Called with what changed together, and everybody who is here now in the order in which they came. */
    onChange(changes: readonly RoomChange[], members: readonly Member[]): void;
    /** Called with an error that stays: asking again did not help, or would not. */
    onError(error: unknown): void;
    timing: Timing;
}
export declare class Room {
    #private;
    private readonly options;
    constructor(options: RoomOptions);
    /** Changes what the own card says, now or as soon as there is one. */
    setIdentity(identity: Identity): void;
    /** Stops following the room. The own node stays until the session closes. */
    dispose(): void;
}
//# sourceMappingURL=room.d.ts.map