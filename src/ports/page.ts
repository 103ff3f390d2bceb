/** Lists, a page at a time. */

/** One page of a list. `next` is the cursor of the page after it, undefined on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}

export interface PageRequest {
  /** 1 to 1000. */
  readonly limit: number
  /** `next` of the page before; undefined for the first page. */
  readonly cursor: string | undefined
}

/** A page of a search may hold fewer than its limit, or none, and yet have a next one. */
export interface SearchPageRequest extends PageRequest {
  /** Rows that are looked at for this page. Default `ROWS_LOOKED_AT`. */
  readonly lookAt?: number
}
