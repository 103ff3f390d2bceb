import type { CorsRules } from '../../cors.ts'

/**
 * How browsers let second screens call the API, as the vendor's answers say it. None of the calls
 * reads a cookie, so any origin may make them.
 */
export const corsRules: CorsRules = {
  origins: ['*'],
  methods: ['POST', 'GET', 'OPTIONS', 'DELETE'],
  requestHeaders: [
    'ap_11',
    'ap_42',
    'ap_z',
    'ap_19',
    'ap_21',
    'ap_23',
    'pass_sfp',
    'AP-Session-Identifier',
    'AP-Device-Identifier',
    'AP-SDK-Identifier',
    'X-Device-Info',
  ],
  exposedHeaders: [
    'pass_sfp',
    'Authzf-Error-Code',
    'Authzf-Sub-Error-Code',
    'Authzf-Error-Details',
  ],
  credentials: true,
}
