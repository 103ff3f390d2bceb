/**
 * People and programs that log in, refresh, use and log out through all nodes and guards at once,
 * and write down what they were told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { Reply } from '../harness.ts'
import { basic, bearer, issuedBy, said, verdict, where, type Issued } from './answers.ts'
import type { History, LogoutCall, TokenFacts, UseCall } from './history.ts'
import { ask, type Fleet, type Guarded, type Node } from './processes.ts'
import { admin } from './node-settings.ts'

/** Uses that may wait for their answers at once: a frozen process holds them for seconds. */
const MAX_PROBES = 400
/** Questions under way at once when all is mended. */
const CHECKERS = 8
/** How long a verifier may take to be sure again once everything is mended. */
const SURE_WITHIN_MS = 10_000
const CALLERS = 10
/** How often a logout is asked for until there is an answer. */
const MAX_TRIES = 6
/** How long the impatient wait for an answer: shorter than a lease. */
const IMPATIENT_MS = 700
const PEOPLE = 6
const PROGRAMS = 4

interface Session {
  /** Every access token that it was given, the latest last: none of them has expired. */
  readonly tokens: [Issued, ...Issued[]]
  /** A program's, at Octopus; otherwise a person's, at DirectLink. */
  readonly isProgram: boolean
  /** Undefined where it has none, or where it is not known whether it was used. */
  refreshToken: string | undefined
  refreshing: boolean
}

type Scope = LogoutCall['scope']

/** What a caller wants to be over, and how it is asked for. */
interface Wish {
  readonly scope: Scope
  readonly key: string
  readonly waited: boolean
  /** Undefined: as long as it takes. */
  readonly patienceMs: number | undefined
  /** By the token itself, at its dialect; otherwise by who may end it. */
  readonly own?: { readonly path: string; readonly facts: TokenFacts; readonly token: string }
}

export class Load {
  readonly #fleet: Fleet
  readonly #history: History
  readonly #random: SeededRandom
  /** Every session, the newest last. */
  readonly sessions: Session[] = []
  readonly #ended = new Set<Session>()
  readonly #probes = new Set<Promise<void>>()
  #running = false

  readonly #onLogout: (node: Node) => void

  /** @param onLogout Called when a node has been asked for a logout, and has not answered. */
  constructor(
    fleet: Fleet,
    history: History,
    random: SeededRandom,
    onLogout: (node: Node) => void = () => undefined,
  ) {
    this.#onLogout = onLogout
    this.#fleet = fleet
    this.#history = history
    this.#random = random
  }

  /** Makes the people and programs that log in. */
  async prepare(): Promise<void> {
    const [node] = this.#fleet.nodes
    const make = async (path: string, body: object): Promise<void> => {
      const reply = await ask(node!.child, 'POST', `/outright/v1/${path}`, { headers: admin, body })
      if (reply?.status !== 201) throw new Error(`not made: ${reply?.text ?? 'no answer'}`)
    }
    for (let number = 1; number <= PEOPLE; number++) {
      const name = `person-${String(number)}`
      await make('subjects', { id: name, username: name, password: `${name}-password` })
    }
    for (let number = 1; number <= PROGRAMS; number++) {
      const name = `program-${String(number)}`
      const id = String(100 + number)
      await make('clients', { dialect: 'octopus', id, key: name, secret: `${name}-secret` })
    }
  }

  /** Runs until it is stopped; resolves when every call has ended. */
  async run(): Promise<void> {
    this.#running = true
    await Promise.all(Array.from({ length: CALLERS }, () => this.#call()))
    await Promise.all(this.#probes)
  }

  stop(): void {
    this.#running = false
  }

  /**
   * Once all is mended: logs in at every node, uses every token of what was logged out at every
   * verifier, and tries to refresh it.
   *
   * @param most How many sessions that were not logged out are used as well, the latest.
   */
  async finish(most: number): Promise<void> {
    for (const node of this.#fleet.nodes) {
      await this.login(node)
      await this.login(node, true)
    }
    const alive = this.sessions.filter((session) => !this.#ended.has(session)).slice(-most)
    const questions = [...alive, ...this.#ended].values()
    const one = async (): Promise<void> => {
      for (const session of questions) {
        if (this.#ended.has(session)) await this.#refresh(session, this.#node())
        for (const issued of session.tokens) {
          const asked = this.#verifiers().map((at) => this.#useAtLast(session, issued, at))
          await Promise.all(asked)
        }
      }
    }
    await Promise.all(Array.from({ length: CHECKERS }, one))
  }

  /** A verifier on a busy machine may lose its lease even now; it has some time to be sure again. */
  async #useAtLast(session: Session, issued: Issued, verifier: Node | Guarded): Promise<void> {
    const deadline = performance.now() + SURE_WITHIN_MS
    for (;;) {
      const entry = await this.#ask(session, issued, verifier)
      const isLast = entry.outcome !== 'unknown' || performance.now() >= deadline
      this.#history.add(isLast ? { ...entry, final: true } : entry)
      if (isLast) return
      await sleep(50)
    }
  }

  async login(node: Node, final = false): Promise<void> {
    const person = this.#random.chance(0.5)
    const name = person
      ? `person-${String(1 + this.#random.below(PEOPLE))}`
      : `program-${String(1 + this.#random.below(PROGRAMS))}`
    const startMs = performance.now()
    const reply = person
      ? await ask(node.child, 'POST', '/directlink/v1/auth/login', { headers: basic(name) })
      : await ask(node.child, 'POST', '/auth/login', {
          body: { username: name, password: `${name}-secret` },
        })
    const call = {
      ...said(reply, startMs),
      ...where(node, startMs),
      ...(final ? { final } : {}),
    }
    if (call.outcome !== 'done' || reply === undefined) {
      this.#history.add({ op: 'login', ...call })
      return
    }
    const { issued, refreshToken } = issuedBy(reply)
    this.#history.add({ op: 'login', token: issued.facts, ...call })
    this.sessions.push({ tokens: [issued], isProgram: !person, refreshToken, refreshing: false })
  }

  /** Uses its latest token, or now and then one that it had before. */
  async use(session: Session, verifier: Node | Guarded): Promise<void> {
    const { tokens } = session
    const issued = this.#random.chance(0.7) ? latest(session) : this.#random.pick(tokens)
    this.#history.add(await this.#ask(session, issued, verifier))
  }

  async #ask(
    session: Session,
    { token, facts }: Issued,
    verifier: Node | Guarded,
  ): Promise<UseCall> {
    const startMs = performance.now()
    const reply = await ask(verifier.child, 'GET', this.#pathOf(session, verifier), bearer(token))
    const call = 'node' in verifier ? verdict(reply, startMs) : said(reply, startMs)
    return { op: 'use', token: facts, ...call, ...where(verifier, startMs) }
  }

  async #call(): Promise<void> {
    const random = this.#random
    while (this.#running) {
      await sleep(random.between(2, 40))
      const node = this.#node()
      // Where none runs there is nothing to be learnt from asking ever again.
      if (node.child.url === '') await sleep(random.between(50, 200))
      if (random.chance(0.005)) await this.#rotateKeys(node)
      const alive = this.#recent()
      const die = alive.length < 30 ? 0 : random.fraction()
      if (die < 0.25) await this.login(node)
      else if (die < 0.45) {
        const able = alive.filter(({ refreshToken }) => refreshToken !== undefined)
        await this.#refresh(random.pick(able.length > 0 ? able : alive), node)
      } else if (die < 0.6) await this.use(random.pick(alive), this.#verifier())
      else if (die < 0.75 && this.#ended.size > 0) {
        await this.use(random.pick([...this.#ended]), this.#verifier())
      } else await this.#logout(random.pick(alive), node)
    }
  }

  /** Nothing notices, or it is a violation: of the next tokens another key is the signer. */
  async #rotateKeys(node: Node): Promise<void> {
    await ask(node.child, 'POST', '/outright/v1/keys/rotate', { headers: admin })
  }

  /** What is likely to be alive: of the latest sessions. */
  #recent(): readonly Session[] {
    return this.sessions.slice(-150).filter((session) => !this.#ended.has(session))
  }

  async #refresh(session: Session, node: Node): Promise<void> {
    const { refreshToken, refreshing } = session
    if (refreshToken === undefined || refreshing) return
    const { facts } = latest(session)
    session.refreshing = true
    const startMs = performance.now()
    const body = { refresh_token: refreshToken }
    const reply = await ask(node.child, 'POST', '/auth/refresh', { body })
    const call = { ...said(reply, startMs), ...where(node, startMs) }
    // A token that may have been used is not used again: that would be taken for theft.
    session.refreshToken = undefined
    if (call.outcome === 'done' && reply !== undefined) {
      const next = issuedBy(reply, facts.timely)
      session.tokens.push(next.issued)
      session.refreshToken = next.refreshToken
      this.#history.add({ op: 'refresh', of: facts, token: next.issued.facts, ...call })
    } else this.#history.add({ op: 'refresh', of: facts, ...call })
    session.refreshing = false
    // Whatever raced this refresh, the token that came of it is asked about everywhere.
    if (this.#ended.has(session)) this.#probe(session)
  }

  async #logout(session: Session, node: Node): Promise<void> {
    const random = this.#random
    const rare = random.fraction()
    const scope: Scope =
      rare < 0.004
        ? 'everyone'
        : rare < 0.024
          ? 'signing_key'
          : random.pick(['token', 'session', 'session', 'session', 'subject', 'client'])
    // DirectLink is one client: all sessions there, which is too much to be usual.
    if (scope === 'client' && !session.isProgram && random.chance(0.9)) return
    const { facts, token } = latest(session)
    const key = {
      token: facts.jti,
      session: facts.sid,
      ...facts,
      everyone: '',
      signing_key: facts.kid,
    }[scope]
    const covered = this.sessions.filter((other) => isCovered(other, scope, key))
    const own = session.isProgram ? '/auth/logout' : '/directlink/v1/auth/logout'
    const isOwn = scope === (session.isProgram ? 'client' : 'session') && random.chance(0.7)
    const wish: Wish = {
      scope,
      key,
      waited: random.chance(0.85),
      patienceMs: random.chance(0.5) ? IMPATIENT_MS : undefined,
      ...(isOwn ? { own: { path: own, facts, token } } : {}),
    }
    const outcome = await this.#insist(wish, node)
    if (outcome === 'dead' && wish.own === undefined) return
    for (const other of covered) this.#ended.add(other)
    if (outcome === 'unknown') return
    const asked = new Set([session, ...covered.slice(-2)])
    for (const other of asked) this.#probe(other)
    if (session.refreshToken !== undefined) await this.#refresh(session, this.#node())
  }

  /** Asks again where no answer comes, at the same node or at another; some ask twice in any case. */
  async #insist(wish: Wish, first: Node): Promise<LogoutCall['outcome']> {
    const random = this.#random
    let node = first
    let known: LogoutCall['outcome'] = 'unknown'
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const { outcome } = await this.#logOutOnce(wish, node)
      if (known === 'unknown') known = outcome
      if (known !== 'unknown' && !random.chance(0.1)) break
      await sleep(random.between(5, 300))
      // The one that was killed is back in the meantime, or a load balancer chooses another.
      if (random.chance(0.6)) node = this.#node()
    }
    return known
  }

  async #logOutOnce(wish: Wish, node: Node): Promise<LogoutCall> {
    const { scope, key, waited, own } = wish
    const startMs = performance.now()
    const asked = this.#askForLogout(wish, node)
    this.#onLogout(node)
    const reply = await asked
    const confirmed = reply?.headers['outright-confirmed']
    const entry: LogoutCall = {
      op: 'logout',
      scope,
      key,
      waited,
      ...(confirmed === undefined ? {} : { confirmed }),
      ...(own === undefined ? {} : { presented: own.facts }),
      ...said(reply, startMs),
      ...where(node, startMs),
    }
    this.#history.add(entry)
    return entry
  }

  #askForLogout(wish: Wish, { child }: Node): Promise<Reply | undefined> {
    const { scope, key, waited, own, patienceMs } = wish
    const prefer: Record<string, string> = waited ? {} : { prefer: 'respond-async' }
    if (own !== undefined) {
      const headers = { ...prefer, authorization: `Bearer ${own.token}` }
      return ask(child, 'POST', own.path, { headers }, patienceMs)
    }
    if (scope === 'subject' && key.startsWith('person-') && this.#random.chance(0.7)) {
      const headers = { ...prefer, ...basic(key) }
      return ask(child, 'POST', '/directlink/v1/auth/logout', { headers }, patienceMs)
    }
    const headers = { ...prefer, ...admin }
    if (scope === 'signing_key') {
      return ask(child, 'DELETE', `/outright/v1/keys/${key}`, { headers }, patienceMs)
    }
    const body = scope === 'everyone' ? { scope } : { scope, key }
    return ask(child, 'POST', '/outright/v1/revocations', { headers, body }, patienceMs)
  }

  /** Asks every verifier about a token, all at once, without waiting for their answers. */
  #probe(session: Session): void {
    for (const verifier of this.#verifiers()) {
      if (this.#probes.size >= MAX_PROBES) return
      const probe = this.use(session, verifier).then(() => {
        this.#probes.delete(probe)
      })
      this.#probes.add(probe)
    }
  }

  #pathOf({ isProgram }: Session, verifier: Node | Guarded): string {
    if ('node' in verifier || this.#random.chance(0.5)) return '/outright/v1/check'
    return isProgram ? '/api/v1/wallets' : '/outright/v1/check'
  }

  #verifiers(): readonly (Node | Guarded)[] {
    return [...this.#fleet.nodes, ...this.#fleet.guards]
  }

  #verifier(): Node | Guarded {
    return this.#random.pick(this.#verifiers())
  }

  /** One that runs, if any does. */
  #node(): Node {
    const running = this.#fleet.nodes.filter(({ child }) => child.url !== '')
    return this.#random.pick(running.length > 0 ? running : this.#fleet.nodes)
  }
}

function latest({ tokens }: Session): Issued {
  return tokens.at(-1) ?? tokens[0]
}

function isCovered(session: Session, scope: Scope, key: string): boolean {
  const { facts } = latest(session)
  switch (scope) {
    case 'token':
      return facts.jti === key
    case 'session':
      return facts.sid === key
    case 'subject':
      return facts.subject === key
    case 'client':
      return facts.client === key
    case 'everyone':
      return true
    case 'signing_key':
      return facts.kid === key
  }
}
