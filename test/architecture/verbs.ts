/** Verbs of test titles, in their plain form. A title whose verb is missing here is taken for a fragment: add it. */
const VERBS = `
  abort accept accumulate acknowledge act add admit advance agree aim allow alternate amount announce answer appear append
  apply arrive ask assign attach authenticate avoid await back bear become begin believe belong block bound break bring
  build bypass call cancel carry catch cause change charge check choose clamp clear close collapse collect come compare
  complain complete compute conclude confirm connect consist contain continue convert copy cost count cover crash create cross cut
  deal decide decode decline decrease defer define delay delete deliver deny depend depose derive describe destroy detach detect
  dial die differ disappear disconnect discard distinguish divide do drain draw drop elect empty enable encode end enforce
  enter equal escape evict exceed exclude exist exit expect expire explain export extend fail fall feed fill find finish
  fire fit flow flush follow forbid force forge forget forgive form forward free gain get give go grant greet group grow
  guess handle hang happen have hear help hide hold ignore imply import include increase inform inherit insist install
  interrupt invalidate invent join jump keep kill know lack land last lead learn leave let lie limit link list listen live
  load log look lose make mark match mean measure meet mention merge mind miss mirror move multiply name narrow need note
  notice number obey object observe occur offer omit open order outlast outlive overflow overlap overtake override overwrite own parse
  pass pause pay permit pick ping place play point poll prefer present preserve prevent print proceed produce promise
  propagate protect prove provide publish push put queue quote raise rank reach react read rebuild receive recognise
  recompute reconcile reconnect record recover redeem redirect reduce refer refresh refuse regain reject rejoin release
  rely remain remember remove rename render renew repeat replace replay reply report represent request require reread
  resend reserve reset resolve respect respond rest restart restore restrict result resume retain retry return reuse
  reveal revoke rewrite round route run satisfy save say schedule see seem select send separate serve set share shift
  shorten show shrink shut sign silence sit skip sleep slow sort spare speak spend split spoil spread stall stamp stand
  start state stay steal stick stop store stream strip subscribe succeed suffice supersede support survive suspend switch
  sync take tell terminate test throttle throw tick time tolerate touch trace track transfer translate travel treat trigger trim
  trust try turn understand undo unsubscribe update upgrade use validate vanish verify view violate visit vote wait wake walk
  want warn watch widen win withdraw withhold work wrap write yield
`
  .trim()
  .split(/\s+/)

const FINITE = 'is are was were has does can cannot may must might will would should shall could'.split(' ')

export const PLAIN: ReadonlySet<string> = new Set(VERBS)
export const THIRD_PERSON: ReadonlySet<string> = new Set([...FINITE, ...VERBS.map(thirdPerson)])
export const AUXILIARIES: ReadonlySet<string> = new Set(FINITE)

/** Forms that are as often nouns. They are verbs at the beginning of a title, and where an object follows. */
export const NOUNS_TOO: ReadonlySet<string> = new Set(
  `acts answers backs bounds calls causes changes charges checks copies costs counts covers crashes cuts deals delays drops ends
  exits falls feeds fires fits flows forces forms gains grants groups handles helps holds imports increases jumps lands
  leads lies limits links lists loads logs looks marks matches measures moves names needs notes numbers objects offers orders
  pings places plays points polls presents promises queues quotes ranks reads records replays replies reports requests
  reserves resets results returns rests rounds routes runs shares shifts shows signs sorts spreads stalls stamps stands
  starts states stays stops stores streams strips switches ticks times traces tracks transfers triggers turns uses views
  visits votes waits wants watches works writes`
    .trim()
    .split(/\s+/),
)

function thirdPerson(verb: string): string {
  if (verb === 'have') return 'has'
  if (/(?:s|x|z|ch|sh|o)$/.test(verb)) return `${verb}es`
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`
}
