export interface Settings {
    /** WebSocket addresses of the gateway's replicas. */
    gateways: string[];
    /** Answers a GET with `{ "token": "…" }`. */
    tokenUrl: string;
    /** Session timeout to ask for, in milliseconds. */
    timeoutMs: number;
    /** Path of the room's node. */
    room: string;
    /** The visitor's name, where the address names one. */
    name: string | null;
}
export declare function readSettings(address: string): Settings;
/** The same address with the name in it, for an address that had one; a reload must not bring the old name back. */
export declare function renamed(address: string, name: string): string;
//# sourceMappingURL=settings.d.ts.map