/**
 * Amazon Cognito: docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference,
 * "AdminUserGlobalSignOut". An IAM user or role calls that is allowed
 * `cognito-idp:AdminUserGlobalSignOut` on the pool; requests carry Signature Version 4.
 *
 * - A subject: `POST /` with `X-Amz-Target` and `{ UserPoolId, Username }`, 200. `Username` may be
 *   the `sub` of a person who has no other provider. The cookie of the hosted login page is kept.
 *
 * Everything that the caller did wrong is a 400 with its name in `__type`: also that there is no
 * such person, and that there were too many requests.
 */
import { defined } from '../../domain/defined.ts'
import { AwsV4Signer } from 'aws4fetch'
import type { SendOutcome } from '../../ports/delivery.ts'
import { optional, text } from '../../settings/schema.ts'
import { outcomeOf, type Answer } from '../exchange.ts'
import { objectIn, type Product } from './product.ts'

export interface CognitoSettings {
  readonly kind: 'cognito'
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
  /** Default: as the issuer says. */
  readonly region?: string
}

export const cognito: Product<CognitoSettings> = {
  scopes: ['subject'],
  options: {
    accessKeyId: text({}),
    secretAccessKey: text({ secret: true }),
    sessionToken: optional(text({ secret: true })),
    region: optional(text({})),
  },
  title: 'Amazon Cognito',
  api: (_, issuer) => `${new URL(issuer).origin}/`,
  connect(settings, { issuer, api, exchange, nowMs }) {
    const { hostname, pathname } = new URL(issuer)
    const { region = hostname.split('.')[1] ?? '', ...credentials } = settings
    const userPoolId = pathname.replaceAll('/', '')
    return async ({ key }, signal) => {
      const { headers, body } = await signed({
        ...credentials,
        region,
        url: api,
        body: JSON.stringify({ UserPoolId: userPoolId, Username: key }),
        nowMs: nowMs(),
      })
      const answer = await exchange(api, { method: 'POST', headers, body, signal })
      return answer.kind === 'answer' ? outcomeFor(answer, nowMs()) : answer
    }
  },
}

function outcomeFor(answer: Answer, nowMs: number): SendOutcome {
  if (answer.status !== 400) return outcomeOf(answer, nowMs)
  const { __type: type } = objectIn(answer)
  const name = typeof type === 'string' ? (type.split('#').at(-1) ?? '') : ''
  if (name === 'UserNotFoundException') return { kind: 'delivered' }
  const error = `it answered 400 ${/^\w{1,64}$/.test(name) ? name : ''}`.trim()
  return { kind: name === 'InvalidParameterException' ? 'refused' : 'again', error }
}

interface ToSign extends Omit<CognitoSettings, 'kind' | 'region'> {
  readonly region: string
  readonly url: string
  readonly body: string
  readonly nowMs: number
}

async function signed({ url, body, nowMs, ...credentials }: ToSign): Promise<{
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}> {
  const { accessKeyId, secretAccessKey, sessionToken, region } = credentials
  const signer = new AwsV4Signer({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.AdminUserGlobalSignOut',
    },
    body,
    service: 'cognito-idp',
    region,
    accessKeyId,
    secretAccessKey,
    ...defined({ sessionToken }),
    datetime: new Date(nowMs).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
  })
  const { headers } = await signer.sign()
  return { headers: Object.fromEntries(headers), body }
}
