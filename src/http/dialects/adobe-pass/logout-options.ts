/** The settings of how a TV provider is told that its viewer is logged out. */
import { createPrivateKey } from 'node:crypto'
import type { MvpdLogout } from '../../../domain/mvpd-logout.ts'
import {
  checkedText,
  choice,
  httpUrl,
  kinds,
  optional,
  text,
  type Setting,
} from '../../../settings/schema.ts'

const claim = text({
  description: 'the claim of its assertion',
  pattern: String.raw`^[A-Za-z][\w.-]{0,63}$`,
  allowed: 'a letter, then at most 63 letters, digits, `_`, `.`, `-`',
})

/** Never shows any of it: a message says what is allowed. */
const privateKey: Setting<string> = checkedText(
  { secret: true, allowed: 'a private key in PEM, RSA of at least 2,048 bits' },
  (pem) => {
    try {
      const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
      return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    } catch {
      return false
    }
  },
)

export const mvpdLogoutSetting: Setting<MvpdLogout> = kinds<MvpdLogout>(
  {
    message: { url: httpUrl({}) },
    revocation: {
      url: httpUrl({}),
      clientId: text({ maxLength: 255 }),
      clientSecret: text({ secret: true }),
      tokenClaim: claim,
      tokenTypeHint: optional(choice(['access_token', 'refresh_token'], {})),
    },
    'rp-initiated': { url: httpUrl({}), clientId: text({ maxLength: 255 }) },
    saml: {
      url: httpUrl({}),
      entityId: text({ maxLength: 1024 }),
      privateKey,
      nameIdFormat: optional(text({ pattern: '^urn:', allowed: 'a URN' })),
      nameIdClaim: optional(claim),
      sessionIndexClaim: optional(claim),
    },
  },
  {
    description:
      'how it is told whose sessions ended, however they did: see [how a provider is told](#how-a-provider-is-told)',
    allowed: '`{ kind, … }`: `message`, `revocation`, `rp-initiated` or `saml`',
    defaultText: 'it is told nothing',
  },
)
