/** What the admin API is given beside the core: what only the composition root can reach. */
import type { WireAcknowledgement, WireVerifier } from '../../../protocol/admin-api.ts'
import type { AddressNotices } from '../../client-address.ts'
import type { DialectContext } from '../../context.ts'
import type { DialectRequest, Route } from '../../dialect.ts'

/** A file on its way out. */
export interface Download {
  /** Undefined where it is not known before it ends. */
  readonly sizeBytes: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface AdminOptions {
  /** `OUTRIGHT_ADMIN_TOKEN`; undefined refuses every bearer token. */
  readonly adminToken: string | undefined
  /** A second way in, such as the console's cookie: the operator's name, or undefined. */
  readonly operator?: (request: DialectRequest) => Promise<string | undefined>
  /** Callers whose address was told and could not be taken. */
  readonly addresses?: () => AddressNotices
  /** Every verifier of the installation. Without it the node alone is listed. */
  readonly verifiers?: () => Promise<readonly WireVerifier[]>
  /** What each verifier said to one revocation; undefined once that is no longer remembered. */
  readonly receiptDetail?: (
    revocationId: string,
  ) => Promise<readonly WireAcknowledgement[] | undefined>
  /** A consistent copy of the database. Without it `GET /backup` answers 501. */
  readonly backup?: () => Promise<Download>
  /** Routes of others, with their paths whole (`/outright/v1/log`) and their own authentication. */
  readonly routes?: readonly Route[]
  /** Aborted when the server stops: ends event streams, which would never end by themselves. */
  readonly stopping?: AbortSignal
}

/** What every route of the admin API is made from. */
export interface AdminContext extends DialectContext {
  readonly options: AdminOptions
}
