import type { MemberNode } from './member.js';
export type SessionState = 'NOT_CONNECTED' | 'CONNECTING' | 'CONNECTED' | 'CLOSED';
export interface Watch {
    watch?: (event: {
        type: string;
        path: string;
    }) => void;
}
export interface RoomClient {
    readonly state: SessionState;
    /** The newest session, which may have ended; null before the first. */
    readonly session: {
        readonly id: string;
    } | null;
    on(type: 'state', listener: (event: {
        state: SessionState;
        reason: string | null;
    }) => void): () => void;
    create(path: string, data?: string | object, options?: {
        mode?: 'persistent' | 'ephemeral_sequential';
    }): Promise<{
        path: string;
    }>;
    delete(path: string): Promise<unknown>;
    getChildren(path: string, options?: Watch): Promise<{
        children: string[];
    }>;
    getData(path: string, options?: Watch): Promise<MemberNode>;
    setData(path: string, data: object): Promise<unknown>;
}
/** The part of a ZoogateError that decides what happens next. */
export interface CallFailure {
    code: string;
    retryable: boolean;
    outcome: 'not_executed' | 'unknown';
}
/** An error that is not the client's counts as final: asking again would not mend it. */
export declare function failureOf(error: unknown): CallFailure;
//# sourceMappingURL=room-client.d.ts.map