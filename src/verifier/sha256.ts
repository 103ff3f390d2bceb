import type { Fingerprint } from './fingerprint.ts'

/**
 * SHA-256 (FIPS 180-4), as far as fingerprints need it. It is our own because the web's is only to
 * be had with a promise, which a check would have to wait for, and because the way to Node's and
 * back takes longer than the work for a name.
 */

const blockWords = 16
/** After the text come a bit, and its length in eight bytes. */
const paddingLeast = 9

/** The first 32 bits of the fractions of the square roots of the first 8 primes (section 5.3.3). */
// prettier-ignore
const initialHash = Int32Array.of(
  0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
  0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
)

/** The same of the cube roots of the first 64 primes (section 4.2.2). */
// prettier-ignore
const roundConstants = Int32Array.of(
  0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5,
  0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
  0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3,
  0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
  0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc,
  0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
  0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
  0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
  0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13,
  0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
  0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3,
  0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
  0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5,
  0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
  0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208,
  0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
)

/** Room for the names of nearly everything, padded; for the schedule of a block; for the hash. */
const scratch = new Int32Array(4 * blockWords)
const schedule = new Int32Array(64)
const hash = new Int32Array(8)

/** The first 64 bits of the SHA-256 of a text in UTF-8. */
export function sha256Start(text: string): Fingerprint {
  if (!hashAscii(text)) hashBytes(new TextEncoder().encode(text))
  return { high: hash[0]!, low: hash[1]! }
}

/** The SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256Hex(text: string): string {
  sha256Start(text)
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** False where the text does not fit into the scratch words or is not ASCII. */
function hashAscii(text: string): boolean {
  const end = wordsFor(text.length)
  if (end > scratch.length) return false
  scratch.fill(0, 0, end)
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    bits |= code
    scratch[at >> 2]! |= code << shift(at)
  }
  if (bits > 0x7f) return false
  digest(scratch, text.length)
  return true
}

function hashBytes(bytes: Uint8Array): void {
  const words = new Int32Array(wordsFor(bytes.length))
  for (const [at, byte] of bytes.entries()) words[at >> 2]! |= byte << shift(at)
  digest(words, bytes.length)
}

/** Of the blocks that a text of so many bytes takes. */
function wordsFor(length: number): number {
  return Math.ceil((length + paddingLeast) / (4 * blockWords)) * blockWords
}

/** By how many bits a byte is shifted in its word. */
function shift(at: number): number {
  return 24 - 8 * (at & 3)
}

/** @param words The text, and zeros up to the end of its last block. */
function digest(words: Int32Array, length: number): void {
  const end = wordsFor(length)
  words[length >> 2]! |= 0x80 << shift(length)
  // The length in bits, of 64.
  words[end - 2] = length / 2 ** 29
  words[end - 1] = length << 3
  hash.set(initialHash)
  for (let from = 0; from < end; from += blockWords) {
    prepare(words, from)
    compress()
  }
}

/** The message schedule of a block (section 6.2.2, step 1). */
function prepare(words: Int32Array, from: number): void {
  for (let word = 0; word < blockWords; word++) schedule[word] = words[from + word]!
  for (let word = blockWords; word < 64; word++) {
    const w2 = schedule[word - 2]!
    const w15 = schedule[word - 15]!
    const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    schedule[word] = sigma1 + schedule[word - 7]! + sigma0 + schedule[word - 16]!
  }
}

/** Works a block into the hash (section 6.2.2, steps 2 to 4), in the letters of the standard. */
function compress(): void {
  let a = hash[0]!
  let b = hash[1]!
  let c = hash[2]!
  let d = hash[3]!
  let e = hash[4]!
  let f = hash[5]!
  let g = hash[6]!
  let h = hash[7]!
  for (let round = 0; round < 64; round++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + sum1 + choice + roundConstants[round]! + schedule[round]!) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + sum0 + majority) | 0
  }
  hash[0]! += a
  hash[1]! += b
  hash[2]! += c
  hash[3]! += d
  hash[4]! += e
  hash[5]! += f
  hash[6]! += g
  hash[7]! += h
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}
