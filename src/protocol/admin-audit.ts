/** What calls about the log itself answer: where it begins, what was cut, whether it is whole. */

/** Where the log of a stream begins since it was cut. */
export interface WireCheckpoint {
  /** The last entry that was cut, and its hash: the next one follows it. */
  readonly sequence: number
  readonly hash: string
  /** How many entries are gone. */
  readonly removed: number
  /** How many up to there are kept, because they still count. */
  readonly kept: number
  /** What is gone was made, and was over, before this moment. */
  readonly before: string
  /** When it was cut the last time, and by whom. */
  readonly at: string
  readonly actor: string
  /** Hash over the checkpoint. */
  readonly seal: string
}

/** What a cut did to the log, or would do. */
export interface WireCut {
  readonly dryRun: boolean
  /** False where there is more to cut: the same request goes on. */
  readonly done: boolean
  readonly streams: readonly WireStreamCut[]
}

export interface WireBrokenEntry {
  readonly sequence: number
  readonly reason: string
}

export interface WireStreamCut {
  readonly stream: string
  readonly removed: number
  /** Where it begins now; null where nothing of it was ever cut. */
  readonly from: WireCheckpoint | null
  /** Why it was not cut any further; null where nothing is wrong. */
  readonly broken: WireBrokenEntry | null
}

/** One line of `GET /audit/verify`: progress while it runs, then one verdict. */
export type WireAuditLine = WireAuditProgress | WireAuditIntact | WireAuditBroken

export interface WireAuditProgress {
  readonly checked: number
  readonly of: number
}

export interface WireAuditIntact {
  readonly ok: true
  readonly entries: number
  /** Per stream: its last sequence number and the hash of that entry. */
  readonly head: Readonly<Record<string, WireAuditHead>>
  /** Per stream that was cut: where it begins. Missing where none was. */
  readonly from?: Readonly<Record<string, WireCheckpoint>>
}

export interface WireAuditHead {
  readonly sequence: number
  readonly hash: string
}

export interface WireAuditBroken {
  readonly ok: false
  readonly at: { readonly stream: string; readonly sequence: number }
  readonly reason: string
}
