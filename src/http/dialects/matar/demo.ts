import type { DemoIdentities } from '../../surface-module.ts'

/** The demo's phone and its code, which is printed in the documentation. */
export const demoPhone = '919999900001'
export const demoCode = '12345'

const json = { 'content-type': 'application/json' }

function step(fields: Readonly<Record<string, string>>): string {
  return JSON.stringify({ phone_number: demoPhone, name: 'Sri', ...fields })
}

export const demo: DemoIdentities = {
  subjects: [
    {
      id: '39501T',
      name: 'Sri',
      phone: demoPhone,
      attributes: { language: 'hi-IN', image_url: null, roles: { default: [] } },
    },
  ],
  clients: [{ id: 'matar', dialect: 'matar', key: 'matar', name: 'Matar app' }],
  shown: { who: `phone ${demoPhone}, name Sri`, secret: demoCode },
  tour: {
    says: 'Sri logs in with a code for her phone. Logging out ends her access and refresh tokens.',
    login: [
      { method: 'POST', path: '/api/v1/login', headers: json, body: step({ action: 'send_otp' }) },
      {
        method: 'POST',
        path: '/api/v1/login',
        headers: json,
        body: step({ action: 'submit_otp', otp: demoCode }),
        takes: { token: 'access_token' },
      },
    ],
    logout: {
      method: 'POST',
      path: '/api/v1/logout',
      headers: { authorization: 'Bearer {token}' },
    },
  },
}
