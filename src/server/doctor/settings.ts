/** Settings that can be used and still break the promise, or make it costly. */
import { parseRange } from '../../http/client-address.ts'
import { isLoopback } from '../../http/loopback.ts'
import { isGuessable } from '../config-rules.ts'
import type { Config } from '../config.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** A guard that dies makes a logout wait for its lease, so a longer lease is rarely wanted. */
const LONG_LEASE_MS = 10_000
/** A garbage collection or a lost packet of this length should not end a lease. */
const SHORT_LEASE_MS = 1000

/** Ranges wider than this trust whole parts of the internet. */
const WIDEST_BITS = { 4: 8, 6: 16 }

/** Every check that needs nothing but the configuration. */
export function examineSettings(config: Config): readonly Finding[] {
  return [
    durability(config),
    demo(config),
    issuer(config),
    proxies(config),
    adminToken(config),
    leases(config),
    rateLimits(config),
    otpSender(config),
  ]
}

/** Whether a server starts with these settings. */
export function examineStart(problems: readonly string[]): Finding {
  const name = 'settings.start'
  if (problems.length === 0) return ok(name, 'a server starts with these settings')
  return fail(name, `a server refuses to start: ${problems.join('; ')}`, 'change these settings')
}

function durability({ durability: mode }: Config): Finding {
  const name = 'settings.durability'
  if (mode === 'full') return ok(name, 'full: an answer waits for the disk')
  return fail(
    name,
    `${mode}: logouts are answered before the disk has them`,
    'remove the setting durability',
  )
}

function demo({ demo: isDemo }: Config): Finding {
  const name = 'settings.demo'
  if (!isDemo) return ok(name, 'off in this configuration')
  return fail(name, 'on: users, clients and keys are public', 'remove the setting demo')
}

function issuer({ issuer: url }: Config): Finding {
  const name = 'settings.issuer'
  const { protocol } = new URL(url)
  if (protocol === 'https:') return ok(name, url)
  return warn(
    name,
    `${url}: tokens and passwords would travel in the clear`,
    'put a proxy that ends TLS in front and set issuer to its https URL',
  )
}

function proxies({ trustedProxies }: Config): Finding {
  const name = 'settings.trusted-proxies'
  if (trustedProxies.length === 0) return ok(name, 'none: X-Forwarded-For is not looked at')
  const ranges = trustedProxies.map((text) => ({ text, range: parseRange(text) }))
  const all = ranges.find(({ range: [, bits] }) => bits === 0)
  if (all) {
    return fail(
      name,
      `${all.text}: any caller can claim any address`,
      'name the addresses of your proxies alone',
    )
  }
  const wide = ranges.find(({ range: [base, bits] }) =>
    base.kind() === 'ipv4' ? bits < WIDEST_BITS[4] : bits < WIDEST_BITS[6],
  )
  if (wide) {
    return warn(name, `${wide.text} is very wide`, 'name the addresses of your proxies alone')
  }
  return ok(name, trustedProxies.join(', '))
}

/** Never shows any of the token, its length neither. */
function adminToken({ adminToken: token }: Config): Finding {
  const name = 'settings.admin-token'
  const advice = 'make one with: openssl rand -base64 32'
  if (token === undefined)
    return ok(name, 'none: programs cannot call the admin API, operators who have signed in can')
  if (token.startsWith('outright-demo')) return fail(name, 'it is the one of the demo', advice)
  if (isGuessable(token)) return fail(name, 'it is short or uniform enough to be guessed', advice)
  return ok(name, 'set, and long enough')
}

function leases({ leaseMs, renewMs }: Config): Finding {
  const name = 'settings.leases'
  const measured = `lease ${String(leaseMs)} ms, renewed every ${String(renewMs)} ms`
  if (leaseMs > LONG_LEASE_MS) {
    return warn(name, measured, 'a logout waits that long for a guard that died: shorten leaseMs')
  }
  if (leaseMs < SHORT_LEASE_MS) {
    return warn(name, measured, 'a short pause of a guard makes it refuse: lengthen leaseMs')
  }
  if (renewMs * 3 > leaseMs) {
    return warn(name, measured, 'one lost ping makes a guard refuse: set renewMs below a third')
  }
  return ok(name, measured)
}

function rateLimits({ rateLimitFactor }: Config): Finding {
  const name = 'settings.rate-limits'
  if (rateLimitFactor <= 1) return ok(name, `factor ${String(rateLimitFactor)}`)
  return warn(
    name,
    `factor ${String(rateLimitFactor)}: passwords and codes may be guessed that much faster`,
    'set rateLimitFactor to 1',
  )
}

function otpSender({ otpSender: sender }: Config): Finding {
  const name = 'settings.otp-sender'
  if (sender.kind !== 'webhook') return ok(name, sender.kind)
  const url = new URL(sender.url)
  const { protocol, hostname } = url
  if (protocol === 'https:' || isLoopback(url)) return ok(name, `webhook at ${hostname}`)
  return warn(name, `webhook at ${hostname}: codes travel in the clear`, 'use an https URL')
}
