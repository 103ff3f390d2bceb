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

/** Whether two epochs, or other runs of bytes, are equal. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** Fills a frame of a known length from its first byte to its last. */
export class FrameWriter {
  // No DataView: for most frames it would cost more than everything else, as it needs the buffer.
  readonly bytes: Uint8Array<ArrayBuffer>
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
  }

  u8(value: number): this {
    this.bytes[this.#at++] = value
    return this
  }

  u16(value: number): this {
    return this.u8(value).u8(value >>> 8)
  }

  u32(value: number): this {
    return this.u16(value).u16(value >>> 16)
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
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  u16(): number {
    const at = this.#take(2)
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8)
  }

  u32(): number {
    return this.#wordAt(this.#take(4))
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
    return this.#copy(at, length)
  }

  text(most: number): string {
    const length = this.u16()
    if (length > most) throw new FeedFormatError('Cannot decode frame: a text is too long')
    const at = this.#take(length)
    const short = this.#shortText(at, length)
    if (short !== undefined) return short
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
    if (littleEndian) return new Uint32Array(this.#copy(at, count * 4).buffer)
    return Uint32Array.from({ length: count }, (_, index) => this.#wordAt(at + index * 4))
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

  /** Not `slice`: that of a Node buffer copies nothing, and its `buffer` is a pool's. */
  #copy(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(at, at + length))
  }

  #wordAt(at: number): number {
    const bytes = this.#bytes
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    return word >>> 0
  }

  /** Names are short and ASCII mostly, for which starting the decoder is dear. */
  #shortText(at: number, length: number): string | undefined {
    if (length > 32) return undefined
    let text = ''
    for (let index = at; index < at + length; index++) {
      const byte = this.#bytes[index]!
      if (byte > 0x7f) return undefined
      text += String.fromCharCode(byte)
    }
    return text
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
