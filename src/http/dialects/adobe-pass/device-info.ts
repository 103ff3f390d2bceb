/**
 * Device information: base64 of a JSON object, in a header, in the query or in the body,
 * percent-encoded once more by some clients. The vendor's own sample lacks a comma, and its Roku
 * guide names an operating system that is not on its list; so what cannot be read is `unreadable`,
 * never an error, until `strict` says otherwise.
 */
import { readUtf8 } from '../../utf8.ts'

export type DeviceInfo =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'read'; readonly fields: Readonly<Record<string, unknown>> }

/** Longer ones are not decoded: the vendor's samples have about 200 characters. */
const LONGEST = 16_384
const MAX_FIELD_LENGTH = 256

/**
 * Decodes device information, in whichever of its encodings it came.
 *
 * @param sent The header's or the parameter's value; undefined where there was none.
 * @returns Never throws.
 */
export function readDeviceInfo(sent: string | undefined): DeviceInfo {
  if (sent === undefined || sent.trim() === '') return { kind: 'absent' }
  if (sent.length > LONGEST) return { kind: 'unreadable' }
  const base64 = unescaped(sent).trim().replaceAll(' ', '+')
  if (!/^[A-Za-z0-9+/\-_\s]+={0,2}$/.test(base64)) return { kind: 'unreadable' }
  try {
    const bytes = Buffer.from(base64, 'base64')
    const parsed: unknown = JSON.parse(readUtf8(bytes))
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
      return { kind: 'unreadable' }
    }
    return { kind: 'read', fields: parsed as Readonly<Record<string, unknown>> }
  } catch {
    return { kind: 'unreadable' }
  }
}

/** A query is decoded once on its way in; some clients encode twice, and headers are not decoded. */
function unescaped(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** One field as text; undefined where it is absent, empty, not a scalar, or too long. */
export function deviceField(info: DeviceInfo, name: string): string | undefined {
  if (info.kind !== 'read' || !Object.hasOwn(info.fields, name)) return undefined
  const value = info.fields[name]
  const scalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  const text = scalar ? String(value) : ''
  return text === '' || text.length > MAX_FIELD_LENGTH ? undefined : text
}

/**
 * The clientless device type: what device information says, since it replaces the parameter, then
 * the parameter, else `Unknown`. Letters, digits, space, `.`, `_`, `-`; at most 32 characters.
 */
export function deviceType(info: DeviceInfo, parameter: string | undefined): string {
  const said = deviceField(info, 'primaryHardwareType') ?? parameter ?? ''
  return (
    said
      .replaceAll(/[^\w .-]/g, '')
      .slice(0, 32)
      .trim() || 'Unknown'
  )
}

/**
 * The normalised form that registration records carry, base64 of JSON, with the vendor's field
 * names.
 *
 * @param userAgent The `User-Agent` of the request; undefined where it had none.
 */
export function normalizedDeviceInfo(info: DeviceInfo, userAgent: string | undefined): string {
  const field = (name: string): string | null => deviceField(info, name) ?? null
  const agent = field('userAgent') ?? userAgent?.slice(0, MAX_FIELD_LENGTH) ?? null
  const normalized = {
    type: field('primaryHardwareType') ?? 'Unknown',
    model: field('model'),
    version: field('version'),
    hardware: {
      name: field('model'),
      vendor: field('vendor'),
      version: field('version'),
      manufacturer: field('manufacturer'),
    },
    operatingSystem: {
      name: field('osName'),
      family: field('osFamily'),
      vendor: field('osVendor'),
      version: field('osVersion'),
    },
    browser: {
      name: field('browserName'),
      vendor: field('browserVendor'),
      version: field('browserVersion'),
      userAgent: agent,
      originalUserAgent: agent,
    },
    display: {
      width: field('displayWidth'),
      height: field('displayHeight'),
      ppi: field('displayPpi'),
      diagonalSize: field('diagonalScreenSize'),
    },
    applicationId: field('applicationId'),
    connection: {
      ipAddress: field('connectionIp'),
      port: field('connectionPort'),
      secure: field('connectionSecure'),
      type: field('connectionType'),
    },
  }
  return Buffer.from(JSON.stringify(normalized)).toString('base64')
}
