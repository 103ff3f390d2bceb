/** An authenticator in software, with what a browser does around it (WebAuthn Level 3, section 6). */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

/** What it does otherwise than an honest one would. */
export interface Lies {
  readonly origin?: string
  readonly relyingParty?: string
  readonly challenge?: string
  readonly counter?: number
  readonly userHandle?: string
  readonly isUserVerified?: boolean
  readonly id?: string
}

interface CreationOptions {
  readonly challenge: string
  readonly user: { readonly id: string }
}

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HAS_KEY = 0x40

export class Authenticator {
  readonly id: string = randomBytes(16).toString('base64url')
  readonly #origin: string
  readonly #privateKey: KeyObject
  readonly #publicKey: Uint8Array<ArrayBuffer>
  #userHandle = ''
  #counter = 0

  constructor(origin: string) {
    this.#origin = origin
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#privateKey = privateKey
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const cose = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, bytes(x)],
      [-3, bytes(y)],
    ])
    this.#publicKey = isoCBOR.encode(cose)
  }

  /** `navigator.credentials.create`, as JSON. */
  create({ challenge, user }: CreationOptions, lies: Lies = {}): string {
    this.#userHandle = user.id
    const id = Buffer.from(this.id, 'base64url')
    const key = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, this.#publicKey])
    const authData = new Uint8Array(Buffer.concat([this.#data(lies, HAS_KEY), key]))
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ])
    const encoded = isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0])
    return this.#credential(lies, {
      clientDataJSON: this.#clientData('webauthn.create', challenge, lies),
      attestationObject: Buffer.from(encoded).toString('base64url'),
      transports: ['internal'],
    })
  }

  /** `navigator.credentials.get`, as JSON. */
  get({ challenge }: { readonly challenge: string }, lies: Lies = {}): string {
    this.#counter = lies.counter ?? this.#counter + 1
    const data = this.#data(lies, 0)
    const clientDataJSON = this.#clientData('webauthn.get', challenge, lies)
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
    return this.#credential(lies, {
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', Buffer.concat([data, hash]), this.#privateKey).toString(
        'base64url',
      ),
      userHandle: lies.userHandle ?? this.#userHandle,
    })
  }

  #data({ relyingParty, isUserVerified = true }: Lies, flags: number): Buffer {
    const name = relyingParty ?? new URL(this.#origin).hostname
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.#counter)
    const verified = isUserVerified ? USER_VERIFIED : 0
    return Buffer.concat([
      createHash('sha256').update(name).digest(),
      Buffer.from([USER_PRESENT | verified | flags]),
      counter,
    ])
  }

  #clientData(type: string, challenge: string, lies: Lies): string {
    const { origin = this.#origin, challenge: other } = lies
    const data = { type, challenge: other ?? challenge, origin, crossOrigin: false }
    return Buffer.from(JSON.stringify(data)).toString('base64url')
  }

  #credential({ id = this.id }: Lies, response: object): string {
    return JSON.stringify({
      id,
      rawId: id,
      type: 'public-key',
      response,
      clientExtensionResults: {},
    })
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
