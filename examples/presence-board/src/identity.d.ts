import type { KeptText } from './kept-text.js';
import { type Identity } from './member.js';
/** The tab's identity; a name that was asked for wins over the one kept, a random one serves where neither is. */
export declare function loadIdentity(askedName: string | null, kept: KeptText): Identity;
export declare function saveIdentity(identity: Identity, kept: KeptText): void;
//# sourceMappingURL=identity.d.ts.map