/** Bounded reading and writing of the feed's primitive fields; little-endian throughout. */
import { FeedFormatError } from './feed.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** True where typed arrays have the byte order of the wire, so that words need no conversion. */
const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** UTF-8 bytes of a text. */
export function textBytes(text: string, most: number, what: string): Uint8Array {
  const bytes = encoder.encode(text)
  if (bytes.length > most) {
    throw new FeedFormatError(`Cannot encode ${what}: ${bytes.length} bytes, over ${most}`)
  }
  return bytes
}

/** Fills a frame of a known length from its first byte to its last. */
export class FrameWriter {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at, value)
    this.#at += 1
    return this
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true)
    this.#at += 2
    return this
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
    return this
  }

  u64(value: number): this {
    return this.u32(value % 0x1_0000_0000).u32(Math.floor(value / 0x1_0000_0000))
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  /** A length in 16 bits, then the bytes. */
  text(bytes: Uint8Array): this {
    return this.u16(bytes.length).raw(bytes)
  }

  words(words: Uint32Array): this {
    if (littleEndian) {
      return this.raw(new Uint8Array(words.buffer, words.byteOffset, words.byteLength))
    }
    for (const word of words) this.u32(word)
    return this
  }
}

/** Takes a frame apart; complains where bytes are missing or left over. */
export class FrameReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** An unsigned 64-bit number that fits a double exactly. */
  u64(): number {
    const low = this.u32()
    const high = this.u32()
    if (high > 0x1f_ffff) throw new FeedFormatError('Cannot decode frame: a number over 2^53')
    return high * 0x1_0000_0000 + low
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  text(most: number): string {
    const length = this.u16()
    if (length > most) throw new FeedFormatError('Cannot decode frame: a text is too long')
    const at = this.#take(length)
    try {
      return decoder.decode(this.#bytes.subarray(at, at + length))
    } catch {
      throw new FeedFormatError('Cannot decode frame: a text is not UTF-8')
    }
  }

  words(count: number): Uint32Array {
    const at = this.#take(count * 4)
    const start = this.#bytes.byteOffset + at
    if (littleEndian && start % 4 === 0) return new Uint32Array(this.#bytes.buffer, start, count)
    if (littleEndian) return new Uint32Array(this.#bytes.slice(at, at + count * 4).buffer)
    return Uint32Array.from({ length: count }, (_, index) =>
      this.#view.getUint32(at + index * 4, true),
    )
  }

  zeros(length: number): void {
    for (let left = length; left > 0; left--) {
      if (this.u8() !== 0) throw new FeedFormatError('Cannot decode frame: reserved bytes are set')
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new FeedFormatError('Cannot decode frame: bytes are left over')
    }
  }

  #take(length: number): number {
    const at = this.#at
    if (at + length > this.#bytes.length) {
      throw new FeedFormatError('Cannot decode frame: it ends too early')
    }
    this.#at += length
    return at
  }
}
