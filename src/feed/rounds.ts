/** What is sent in rounds: something that may have a frame for its guard. */
export interface RoundMember {
  /** Sends what was published, unless the guard has not acknowledged what was sent before. */
  published(): void
}

/**
 * A round in which no more than this wait, or this part of all, is over, without waiting for
 * stragglers.
 */
const stragglersLeast = 8
const stragglersPart = 0.1
/** Then it is over as well, however many wait. */
const maxRoundMs = 50

export interface RoundsOptions {
  readonly members: Iterable<RoundMember>
  readonly after: (delayMs: number, callback: () => void) => () => void
}

/**
 * Gives every guard its turn. Each acknowledges before it is sent more; with hundreds of guards
 * that alone lets those that are quick (in a process that just has the processor, say) take turn
 * after turn while others wait, and the last acknowledgement is what a logout waits for. So no
 * guard gets a second frame in a round, and the next begins when nearly all have acknowledged. With
 * a few guards it changes nothing.
 */
export class Rounds {
  readonly #options: RoundsOptions
  /**
   * Guards that were sent a frame in this round, and whether the acknowledgement is outstanding.
   */
  #waits = new Map<RoundMember, boolean>()
  #waiting = 0
  /** Something was published that waits for the next round. */
  #news = false
  #isLate = false
  #cancelTimer: (() => void) | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /** Something was published: it goes out in a round that begins now, or in the next. */
  published(): void {
    this.#news = true
    this.#nextIfOver()
  }

  /** Whether a guard may be sent a frame before the next round. */
  hasTurn(member: RoundMember): boolean {
    return !this.#waits.has(member)
  }

  /** A frame went to a guard. */
  sent(member: RoundMember): void {
    if (this.#waits.get(member) !== true) this.#waiting++
    this.#waits.set(member, true)
  }

  /** A guard has acknowledged everything that it was sent. */
  acknowledged(member: RoundMember): void {
    if (this.#waits.get(member) !== true) return
    this.#waits.set(member, false)
    this.#waiting--
    this.#nextIfOver()
  }

  /** A guard is gone. */
  left(member: RoundMember): void {
    this.acknowledged(member)
    this.#waits.delete(member)
  }

  #nextIfOver(): void {
    const stragglers = Math.max(stragglersLeast, this.#waits.size * stragglersPart)
    if (!this.#news) return
    if (this.#waiting <= stragglers || this.#isLate) return this.#next()
    this.#cancelTimer ??= this.#options.after(maxRoundMs, () => {
      this.#isLate = true
      this.#nextIfOver()
    })
  }

  #next(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#isLate = false
    this.#news = false
    this.#waits = new Map()
    this.#waiting = 0
    for (const member of this.#options.members) member.published()
  }
}
