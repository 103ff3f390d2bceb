import type { DemoIdentities } from '../../surface-module.ts'

const password = 'demo-password'
const attributes = { phase: null, verificationState: 'VERIFIED', isLinked: false }

export const demo: DemoIdentities = {
  subjects: [
    {
      id: 'baanx-demo-user',
      name: 'Demo User',
      email: 'demo@example.com',
      password,
      attributes,
    },
    {
      id: 'baanx-otp-user',
      name: 'OTP User',
      email: 'otp@example.com',
      phone: '447700900225',
      password,
      attributes: { otpRequired: true, ...attributes },
    },
  ],
  clients: [
    { id: 'baanx-demo', dialect: 'baanx', key: 'baanx-demo-key', name: 'Baanx demo' },
    {
      id: 'baanx-demo-oauth',
      dialect: 'baanx-oauth',
      key: 'baanx-demo-oauth',
      name: 'Baanx demo OAuth client',
      attributes: { parent: 'baanx-demo' },
    },
  ],
  shown: { who: 'key baanx-demo-key, user demo@example.com', secret: password },
  tour: {
    says: 'A person logs in with an e-mail address. Logging out ends this session.',
    login: [
      {
        method: 'POST',
        path: '/v1/auth/login',
        headers: { 'x-client-key': 'baanx-demo-key', 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'demo@example.com', password }),
        takes: { token: 'accessToken' },
      },
    ],
    logout: {
      method: 'POST',
      path: '/v1/auth/logout',
      headers: { 'x-client-key': 'baanx-demo-key', authorization: 'Bearer {token}' },
    },
  },
}
