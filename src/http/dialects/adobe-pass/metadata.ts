import type { Json } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication } from './authentication.ts'
import { readDeviceCaller } from './caller.ts'
import { metadataNotFound, notAuthenticated, passRefuse } from './errors.ts'
import type { Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

/**
 * `GET /api/v1/tokens/usermetadata` [F]: what the provider said of the viewer; 412 without AuthN,
 * 404 where it said nothing. Nothing is encrypted: that would need the requestor's certificate.
 */
export async function readMetadata(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey } = await readDeviceCaller(pass, request, { call: 'usermetadata' })
  const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticated)
  const { metadata, metadataUpdated } = session.attributes
  const data = metadata as Readonly<Record<string, Json>>
  if (Object.keys(data).length === 0) return passRefuse(metadataNotFound)
  const updated = Number(metadataUpdated)
  return documentAnswer(pass.options, request, 200, {
    // No page shows the XML; the elements are named as the fields.
    xml: { metadata: { updated, encrypted: '', data } },
    json: { updated, encrypted: [], data },
  })
}
