/** The calls as OpenAPI 3.1 operations. */

type Operation = Readonly<Record<string, unknown>>

const texts: Readonly<Record<string, string>> = {
  requestor: 'The programmer for which the call is valid',
  requestor_id: 'The programmer for which the call is valid',
  deviceId: 'The device id; as good as a password, so it is stored as a hash alone',
  device_info: 'Device information: base64 of JSON. Better sent as the header X-Device-Info',
  deviceType: 'The device type, for counts; device information replaces it',
  deviceUser: 'Deprecated; accepted and not looked at',
  appId: 'Deprecated; accepted and not looked at',
  resource: 'A resource id, or a fragment of MRSS',
  code: 'The registration code',
  reg_code: 'The registration code; best sent first, because some browsers read &reg as an entity',
  mvpd: 'The TV provider',
  mso_id: 'The TV provider',
  ttl: 'Life of the code in seconds, 1 to 36000; default 1800',
  domain_name: 'Where the second screen is; one of the requestor’s domains where it lists them',
  noflash: 'Residual; accepted and not looked at',
  no_iframe: 'Residual; accepted and not looked at',
  redirect_url: 'Where the browser comes back to; http or https',
  generic_data: 'What a promotional pass is limited to',
  SAMLResponse: 'The profile that the platform gave',
  state: 'The login that the provider was given',
  assertion: 'What the provider says of the viewer: a JWT of its own',
  format: '`xml` or `json`; the extension of the path goes before it, `Accept` after it',
}

const mandatory = new Set(
  'deviceId resource reg_code requestor_id mso_id mvpd SAMLResponse state assertion'.split(' '),
)

/** What the calls of a device take. */
export const deviceParameters: readonly string[] =
  'requestor deviceId device_info deviceType deviceUser appId format'.split(' ')

export interface OperationParts {
  readonly summary: string
  readonly description?: string
  /** Names of query parameters. */
  readonly query?: readonly string[]
  /** Status to meaning, beside those that every call has. */
  readonly responses: Readonly<Record<number, string>>
  /** Bodies in JSON, by status; the XML has the same fields. */
  readonly examples?: Readonly<Record<number, Operation>>
  /** True for a logout: its answer carries the receipt. */
  readonly receipt?: boolean
  /** Schema of a body, by media type. */
  readonly body?: Readonly<Record<string, Operation>>
}

/** Makes an operation; path parameters are read off the path. */
export function operation(path: string, parts: OperationParts): Operation {
  const { summary, description, query = [], responses, body } = parts
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => parameter(name, 'path'))
  const inQuery = query.map((name) => parameter(name, 'query'))
  const inHeader = query.includes('device_info')
    ? [{ ...parameter('device_info', 'header'), name: 'X-Device-Info' }]
    : []
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [...inPath, ...inQuery, ...inHeader],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: Object.fromEntries(
      Object.entries({ ...responses, ...everyCall }).map(([status, meaning]) => [
        status,
        responseOf(Number(status), meaning, parts),
      ]),
    ),
    security: [{}, { bearer: [] }],
  }
}

const errorSchema = {
  'x-schema-name': 'AdobePassError',
  type: 'object',
  required: ['status', 'message'],
  properties: {
    status: { type: 'integer' },
    message: { type: 'string' },
    details: { type: ['string', 'null'] },
  },
}

const receiptHeaders = {
  'Outright-Revocation': { description: 'Id of the revocation', schema: { type: 'string' } },
  'Outright-Confirmed': {
    description: 'Verifiers that confirmed, of all',
    schema: { type: 'string' },
  },
}

function responseOf(
  status: number,
  description: string,
  { examples, receipt }: OperationParts,
): Operation {
  if (receipt === true && status === 204) return { description, headers: receiptHeaders }
  const example = examples?.[status]
  if (example !== undefined) {
    const fields = { schema: { type: 'object' }, example }
    return { description, content: { 'application/json': fields, 'application/xml': {} } }
  }
  if (status === 429) return { description, content: { 'text/html': {} } }
  if (status < 400) return { description }
  const content = { 'application/json': { schema: errorSchema }, 'application/xml': {} }
  return { description, content }
}

const everyCall: Readonly<Record<number, string>> = {
  401: 'An access token was sent that is not good, or none where one is required',
  429: 'Over one call a second after a burst of ten; an HTML page',
  503: 'Nothing was stored, or this node is not current; try again',
}

function parameter(name: string, place: 'path' | 'query' | 'header'): Operation {
  return {
    name,
    in: place,
    required: place === 'path' || (place === 'query' && mandatory.has(name)),
    description: texts[name] ?? name,
    schema: { type: 'string' },
  }
}

function contentOf(body: Readonly<Record<string, Operation>>): Operation {
  return Object.fromEntries(Object.entries(body).map(([type, schema]) => [type, { schema }]))
}

/** The schema of an object of strings. */
export function fieldsOf(required: readonly string[], optional: readonly string[]): Operation {
  const properties = [...required, ...optional].map((name) => [
    name,
    { type: 'string', description: texts[name] ?? name },
  ])
  return { type: 'object', required, properties: Object.fromEntries(properties) as Operation }
}
