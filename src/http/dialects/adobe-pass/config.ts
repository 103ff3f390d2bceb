import type { Answer, DialectRequest } from '../../dialect.ts'
import { readCaller } from './caller.ts'
import { withoutExtension } from './format.ts'
import type { Mvpd } from './options.ts'
import { displayNameOf, providersOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

/**
 * `GET /api/v1/config/{requestor}` [F]: the providers among which a viewer chooses. The vendor's
 * page shows no sample ("same as the config servlet"); the nesting is that servlet's, as its
 * clients read it.
 *
 * @throws {Refusal} `invalid_parameter` where there is no such requestor.
 */
export async function readConfig(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { requestor } = await readCaller(pass, request, {
    requestor: withoutExtension(request.params['requestor'] ?? ''),
  })
  pass.countDevice('config', 'N/A')
  const mvpd = providersOf(pass, requestor).map(providerFields)
  const name = displayNameOf(requestor)
  const body = { requestor: { id: requestor.id, name, mvpds: { mvpd } } }
  return documentAnswer(pass.options, request, 200, { xml: { config: body }, json: body })
}

function providerFields(provider: Mvpd): Readonly<Record<string, string | boolean | string[]>> {
  const { id, displayName, logoUrl = '', platform, temporaryPassMs } = provider
  return {
    id,
    displayName,
    logoUrl,
    tempPass: temporaryPassMs !== undefined,
    ...(platform === undefined
      ? {}
      : {
          enablePlatformServices: true,
          boardingStatus: platform.boardingStatus,
          displayInPlatformPicker: platform.displayInPlatformPicker,
          platformMappingId: platform.platformMappingId,
          requiredMetadataFields: [...platform.requiredMetadataFields],
        }),
  }
}
