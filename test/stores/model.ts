/** What a store should do, in memory and one thing after another: the model of `model.test.ts`. */
import type { RevocationCommand } from '../../src/domain/revocation.ts'
import { grantKey, isWide, participantKey } from '../../src/domain/scope.ts'
import type {
  JoinSessionCommand,
  OpenSessionCommand,
  RotateCommand,
} from '../../src/ports/store.ts'

/** One client's part in a session. */
interface Part {
  readonly id: string
  readonly command: Omit<OpenSessionCommand, 'refreshToken'>
  readonly counters: readonly number[]
  /** How many had come in before it, to whatever session. */
  readonly arrival: number
}

interface Token {
  readonly part: Part
  readonly secretHash: string
  readonly expiresAtMs: number
  used?: { readonly atMs: number; readonly graceUntilMs: number; readonly answer: string }
}

export class Model {
  readonly log: { readonly id: string; readonly generation: number }[] = []
  readonly #ended = new Map<string, string>()
  readonly #counters = new Map<string, { readonly generation: number; readonly id: string }>()
  readonly #sessions = new Map<string, Part[]>()
  #arrivals = 0
  readonly #tokens = new Map<string, Token>()

  revoke(command: RevocationCommand): string {
    const place = `${command.scope} ${command.key}`
    if (!isWide(command.scope)) {
      const earlier = this.#ended.get(place)
      if (earlier !== undefined) return `was ended by ${earlier}`
      this.#ended.set(place, command.id)
      return this.#append(command.id, 0)
    }
    const counter = this.#counters.get(place)
    const seen = command.ifGeneration
    if (counter && seen !== undefined && counter.generation > seen) {
      return `was ended by ${counter.id}`
    }
    const generation = (counter?.generation ?? 0) + 1
    this.#counters.set(place, { generation, id: command.id })
    return this.#append(command.id, generation)
  }

  openSession(command: OpenSessionCommand): string {
    if (this.#sessions.has(command.sid)) return 'conflict'
    if (this.#ended.has(`session ${command.sid}`)) return 'token_revoked'
    const token = command.refreshToken
    if (token && this.#tokens.has(token.id)) return 'conflict'
    const part = this.#part('', command)
    this.#sessions.set(command.sid, [part])
    if (token) this.#tokens.set(token.id, { part, ...token })
    return part.counters.join()
  }

  joinSession(join: JoinSessionCommand): string {
    const parts = this.#sessions.get(join.session.sid) ?? []
    const standing = parts.filter((part) => !this.#isRevoked(part))
    const [first] = standing
    const { sid, subjectId, deviceKey, expiresAtMs, accessLifetimeMs } = join.session
    const facts = [subjectId, deviceKey, expiresAtMs, accessLifetimeMs].join()
    if (first === undefined || join.joinedAtMs > expiresAtMs) return 'ended'
    const { command } = first
    const own = [
      command.subjectId,
      command.deviceKey,
      command.expiresAtMs,
      command.accessLifetimeMs,
    ]
    if (own.join() !== facts) return 'ended'
    const token = join.refreshToken
    const same = standing.find((part) => part.command.clientId === join.clientId)
    if (token && this.#tokens.has(token.id)) return 'conflict'
    if (!same && parts.some(({ id }) => id === join.participantId)) return 'conflict'
    const { clientId, dialect, attributes, joinedAtMs: createdAtMs } = join
    const joined = { ...command, sid, clientId, dialect, attributes, createdAtMs }
    const part = same ?? this.#part(join.participantId, joined)
    if (!same) parts.push(part)
    if (token) this.#tokens.set(token.id, { part, ...token })
    return `${part.id} ${part.counters.join()}`
  }

  rotate(command: RotateCommand): string {
    const token = this.#tokens.get(command.id)
    if (!token || token.secretHash !== command.secretHash) return 'unknown'
    const { part } = token
    if (this.#isRevoked(part)) return 'revoked'
    if (command.nowMs > Math.min(token.expiresAtMs, part.command.expiresAtMs)) return 'expired'
    if (token.used) {
      const until = Math.min(token.used.graceUntilMs, token.used.atMs + command.graceMs)
      return command.nowMs < until ? `replayed ${token.used.answer}` : 'reused'
    }
    const { successor, nowMs, graceMs } = command
    if (successor && this.#tokens.has(successor.id)) return 'conflict'
    if (successor) this.#tokens.set(successor.id, { part, ...successor })
    const answer = Buffer.from(command.sealedAnswer).toString('hex')
    // Without a grace there is no answer to give again, even to a clock that went back.
    token.used = { atMs: nowMs, graceUntilMs: graceMs > 0 ? nowMs + graceMs : -Infinity, answer }
    return 'rotated'
  }

  /** What all clients of a session share; undefined where there is none. */
  factsOf(sid: string): JoinSessionCommand['session'] | undefined {
    return this.#sessions.get(sid)?.[0]?.command
  }

  #isRevoked({ command, counters }: Part): boolean {
    const now = this.#countersOf(command)
    const overtaken = counters.some((counter, index) => counter < (now[index] ?? 0))
    return overtaken || this.#ended.has(`session ${command.sid}`)
  }

  /** Newest first, each with the clients that still are in it. */
  liveSessions(nowMs: number): readonly { readonly sid: string; readonly clientIds: string[] }[] {
    const live = [...this.#sessions].flatMap(([sid, parts]) => {
      const standing = parts.filter(
        (part) => nowMs <= part.command.expiresAtMs && !this.#isRevoked(part),
      )
      const [first] = standing.toSorted((one, other) => (one.id < other.id ? -1 : 1))
      const clientIds = standing.map(({ command }) => command.clientId)
      return first === undefined ? [] : [{ sid, clientIds, arrival: first.arrival }]
    })
    return live.toSorted((one, other) => other.arrival - one.arrival)
  }

  #part(id: string, command: Part['command']): Part {
    return { id, command, counters: this.#countersOf(command), arrival: this.#arrivals++ }
  }

  #append(id: string, generation: number): string {
    this.log.push({ id, generation })
    return `added ${this.log.length} ${generation}`
  }

  /** In the order everyone, participant, subject, client, grant, device. */
  #countersOf({ sid, subjectId, clientId, deviceKey }: Part['command']): number[] {
    const places = [
      'everyone *',
      `participant ${participantKey(clientId, sid)}`,
      `subject ${subjectId}`,
      `client ${clientId}`,
      `grant ${grantKey(clientId, subjectId)}`,
    ]
    const counters = places.map((place) => this.#counters.get(place)?.generation ?? 0)
    const device = deviceKey === undefined ? undefined : this.#counters.get(`device ${deviceKey}`)
    return [...counters, device?.generation ?? 0]
  }
}
