const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Whom all tokens of a fleet are for. */
export const audience = 'api'

/** What a fleet's tokens come from. */
export interface FleetDialect {
  readonly name: string
  /** Whether the configuration of the installation says how long its tokens live. */
  readonly isListed: boolean
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
  readonly clients: readonly [FleetClient, ...FleetClient[]]
}

export interface FleetClient {
  readonly id: string
  /** What receivers know of it: its sessions carry this. */
  readonly attributes?: { readonly backchannelLogoutUri: string }
}

const short: FleetDialect = {
  name: 'octopus',
  isListed: true,
  accessLifetimeMs: hourMs,
  refreshLifetimeMs: 7 * dayMs,
  clients: [{ id: 'octopus' }],
}

const long: FleetDialect = {
  name: 'matar',
  isListed: true,
  accessLifetimeMs: 10 * dayMs,
  refreshLifetimeMs: 60 * dayMs,
  clients: [{ id: 'matar' }],
}

/** Its clients are relying parties, each with a back channel of its own. */
export const oauth: FleetDialect = {
  name: 'oauth',
  isListed: true,
  accessLifetimeMs: hourMs,
  refreshLifetimeMs: 7 * dayMs,
  clients: [relyingParty('shop'), relyingParty('mail'), relyingParty('news')],
}

/** One of the operator's own. */
const custom: FleetDialect = {
  name: 'custom',
  isListed: false,
  accessLifetimeMs: 30 * dayMs,
  refreshLifetimeMs: 60 * dayMs,
  clients: [{ id: 'custom' }],
}

export const dialects: readonly [FleetDialect, ...FleetDialect[]] = [short, long, oauth, custom]

/**
 * What people log in by. While servers run, an operator gives the short tokens a longer life, and
 * takes a dialect of their own into use.
 *
 * @param raised Whether that has happened.
 */
export function dialectsInUse(raised: boolean): readonly FleetDialect[] {
  return raised
    ? [{ ...short, accessLifetimeMs: 20 * dayMs }, long, oauth, custom]
    : [short, long, oauth]
}

function relyingParty(id: string): FleetClient {
  return { id, attributes: { backchannelLogoutUri: `https://${id}.example/backchannel` } }
}
