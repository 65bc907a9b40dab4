import { z } from 'zod'
import type {
  Acl,
  CreateMode,
  NodeData,
  Permission,
  ViewDepth,
  ViewPoint,
  WatchLists,
} from 'zoogate-client/protocol'

// The fields of messages. Each is checked before its meaning is looked at.

/**
 * Counts the entries before it looks at any of them: zod collects a complaint for each wrong entry, and a list of hundreds of
 * thousands kept the event loop for seconds.
 */
function shortList<T extends z.ZodType>(element: T, max: number) {
  const isShort = (value: unknown) => !Array.isArray(value) || value.length <= max
  return z
    .unknown()
    .refine(isShort, { abort: true, error: `at most ${max} entries` })
    .pipe(z.array(element).min(1))
}

export const hexLong = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/, 'a number in lower-case hexadecimal, with 0x before it')
const base64 = z.base64()
export const nodeData = z.union([z.string(), z.object({ base64 })])
export const path = z.string()
export const version = z.int32()
/** The page numbers its own messages; the gateway only repeats the number. */
export const id = z.int().nonnegative()
export const permission = z.enum(['read', 'write', 'create', 'delete', 'admin'])
export const acl = z.object({
  scheme: z.string().min(1),
  id: z.string(),
  permissions: shortList(permission, permission.options.length),
})
/** ZooKeeper's own limit is far higher; no page means a longer list. */
export const acls = shortList(acl, 100)
export const mode = z.enum([
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'ttl',
  'ttl_sequential',
])
/** ZooKeeper keeps 40 bits of milliseconds. */
export const ttlMs = z.int().min(1).max(1_099_511_627_775)
/** One complaint for the whole list: a hello of the largest size holds hundreds of thousands of entries. */
const paths = z.custom<string[]>(
  (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  { error: 'a list of paths' },
)
export const watchLists = z.object({
  data: paths,
  exist: paths,
  child: paths,
  persistent: paths.optional(),
  recursive: paths.optional(),
})
export const viewDepth = z.enum(['children', 'subtree'])
export const viewPoint = z.object({ zxid: hexLong, count: z.int().nonnegative() })

/** The first complaint, with its place: enough to mend a page by. It quotes nothing of the page, so that it is short. */
export function problemOf(error: z.ZodError): string {
  const { path, message } = error.issues[0] as z.core.$ZodIssue
  return `${path.join('.')}: ${message}`
}

// ---- compile-time equality with the wire types, in both directions ----

type Normal<T> = T extends readonly (infer E)[]
  ? Normal<E>[]
  : T extends object
    ? { [K in keyof T]: Normal<Exclude<T[K], undefined>> }
    : T
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** True only where a schema gives exactly the wire type: a dropped, an added or a retyped field does not compile. */
export type Matches<Schema extends z.ZodType, Wire> = Same<Normal<z.infer<Schema>>, Normal<Wire>>
export type Holds<T extends true> = T

export type FieldEquality = [
  Holds<Matches<typeof watchLists, WatchLists>>,
  Holds<Matches<typeof viewDepth, ViewDepth>>,
  Holds<Matches<typeof viewPoint, ViewPoint>>,
  Holds<Matches<typeof acl, Acl>>,
  Holds<Matches<typeof permission, Permission>>,
  Holds<Matches<typeof nodeData, NodeData>>,
  Holds<Matches<typeof mode, CreateMode>>,
]
