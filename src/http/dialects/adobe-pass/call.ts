import type { Answer, DialectRequest, Method } from '../../dialect.ts'
import { deviceParameters, type OperationParts } from './operations.ts'
import type { Pass } from './pass.ts'

/** One call of the API: where it is, who answers it, and what its answers mean. */
export interface Call extends OperationParts {
  readonly method: Method
  readonly path: string
  /** True where the path also ends in `.xml` and `.json`; a path parameter at its end reads its own. */
  readonly extensions?: boolean
  /** True for a GET that begins or issues something, so that `HEAD` is no harmless look at it. */
  readonly changes?: true
  readonly handle: (pass: Pass, request: DialectRequest) => Promise<Answer>
}

/** The media type of forms. */
export const FORM = 'application/x-www-form-urlencoded'

/** What a call of a device takes where its requestor is named elsewhere. */
export const withoutRequestor: readonly string[] = deviceParameters.slice(1)

/** An AuthN token, as an example. */
export const authenticationExample = {
  requestor: 'REF30',
  mvpd: 'DemoMVPD',
  userId: 'viewer',
  expires: '1797801128530',
} as const
