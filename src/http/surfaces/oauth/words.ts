/** What the pages say, in each language. */
import type { SurfaceRequest } from '../../surface.ts'
import { isolated } from '../../../protocol/isolated.ts'
import { languageOf } from '../../language.ts'

/** BCP 47. */
export type Language = 'en' | 'pt' | 'es'

const en = {
  lang: 'en' as Language,
  login: 'Log in',
  toContinue: 'to continue to {client}',
  toSeeDevices: 'to see your devices and end their logins',
  toChangePasskeys: 'once more, to change your passkeys',
  username: 'User name or e-mail address',
  password: 'Password',
  cancel: 'Cancel',
  or: 'or',
  usePasskey: 'Log in with a passkey',
  wrongPasskey: 'That did not work with this passkey. Try again, or use the password.',
  wrongPassword: 'That did not work. Check what you typed and try again.',
  tooMany: 'Too many attempts. Wait a minute and try again.',
  disabled: 'This account is disabled. Ask support for help.',
  consentTitle: 'Allow {client}?',
  loggedInAs: 'You are logged in as {person}.',
  consentLead: 'It will be able to see:',
  allow: 'Allow',
  deny: 'Deny',
  /** By scope; others are shown as they are called. */
  scopes: {
    openid: 'Who you are',
    profile: 'Your name',
    email: 'Your e-mail address',
    phone: 'Your phone number',
  } as Readonly<Record<string, string>>,
  failed: 'That did not work',
  wrongLink:
    'The application sent you here with a request that is not valid. Tell the people who run it.',
  over: 'This page is no longer good',
  startAgain: 'Go back to the application and start again.',
  tryAgain: 'Try again in a moment.',
  /** Of a logout that failed: part of it may have been done. */
  maybeLoggedIn: 'You may still be logged in. Try again in a moment.',
  logoutTitle: 'Log out?',
  logoutText: 'You will be logged out here and of every application that you opened from here.',
  logout: 'Log out',
  stay: 'Stay logged in',
  loggedOut: 'You are logged out',
  loggedOutText: 'You can close this page.',
  stillIn: 'You are still logged in',
  nothingChanged: 'Nothing was changed. You can close this page.',
  notLoggedIn: 'You are not logged in',
}

export type Words = Readonly<typeof en>

const pt: Words = {
  lang: 'pt',
  login: 'Entrar',
  toContinue: 'para continuar em {client}',
  toSeeDevices: 'para ver os seus dispositivos e terminar sessões',
  toChangePasskeys: 'de novo, para alterar as suas chaves de acesso',
  username: 'Nome de utilizador ou e-mail',
  password: 'Palavra-passe',
  cancel: 'Cancelar',
  or: 'ou',
  usePasskey: 'Entrar com uma chave de acesso',
  wrongPasskey: 'Não funcionou com esta chave de acesso. Tente de novo ou use a palavra-passe.',
  wrongPassword: 'Não funcionou. Verifique o que escreveu e tente de novo.',
  tooMany: 'Demasiadas tentativas. Espere um minuto e tente de novo.',
  disabled: 'Esta conta está desativada. Peça ajuda ao apoio.',
  consentTitle: 'Autorizar {client}?',
  loggedInAs: 'Entrou como {person}.',
  consentLead: 'Poderá ver:',
  allow: 'Autorizar',
  deny: 'Recusar',
  scopes: {
    openid: 'Quem você é',
    profile: 'O seu nome',
    email: 'O seu e-mail',
    phone: 'O seu número de telefone',
  },
  failed: 'Não funcionou',
  wrongLink: 'A aplicação enviou-o para aqui com um pedido inválido. Avise quem a gere.',
  over: 'Esta página já não é válida',
  startAgain: 'Volte à aplicação e comece de novo.',
  tryAgain: 'Tente de novo dentro de momentos.',
  maybeLoggedIn: 'A sessão pode ainda estar aberta. Tente de novo dentro de momentos.',
  logoutTitle: 'Terminar sessão?',
  logoutText: 'A sessão termina aqui e em todas as aplicações que abriu a partir daqui.',
  logout: 'Terminar sessão',
  stay: 'Continuar',
  loggedOut: 'A sessão terminou',
  loggedOutText: 'Pode fechar esta página.',
  stillIn: 'A sessão continua',
  nothingChanged: 'Nada foi alterado. Pode fechar esta página.',
  notLoggedIn: 'Não iniciou sessão',
}

const es: Words = {
  lang: 'es',
  login: 'Iniciar sesión',
  toContinue: 'para continuar en {client}',
  toSeeDevices: 'para ver sus dispositivos y cerrar sesiones',
  toChangePasskeys: 'de nuevo, para cambiar sus llaves de acceso',
  username: 'Nombre de usuario o correo electrónico',
  password: 'Contraseña',
  cancel: 'Cancelar',
  or: 'o',
  usePasskey: 'Iniciar sesión con una llave de acceso',
  wrongPasskey:
    'No ha funcionado con esta llave de acceso. Inténtelo de nuevo o use la contraseña.',
  wrongPassword: 'No ha funcionado. Compruebe lo que ha escrito e inténtelo de nuevo.',
  tooMany: 'Demasiados intentos. Espere un minuto e inténtelo de nuevo.',
  disabled: 'Esta cuenta está desactivada. Pida ayuda al servicio de asistencia.',
  consentTitle: '¿Permitir {client}?',
  loggedInAs: 'Ha iniciado sesión como {person}.',
  consentLead: 'Podrá ver:',
  allow: 'Permitir',
  deny: 'Rechazar',
  scopes: {
    openid: 'Quién es usted',
    profile: 'Su nombre',
    email: 'Su correo electrónico',
    phone: 'Su número de teléfono',
  },
  failed: 'No ha funcionado',
  wrongLink:
    'La aplicación le ha enviado aquí con una petición no válida. Avise a quien la gestiona.',
  over: 'Esta página ya no es válida',
  startAgain: 'Vuelva a la aplicación y empiece de nuevo.',
  tryAgain: 'Inténtelo de nuevo en un momento.',
  maybeLoggedIn: 'La sesión puede seguir abierta. Inténtelo de nuevo en un momento.',
  logoutTitle: '¿Cerrar sesión?',
  logoutText: 'Se cerrará la sesión aquí y en todas las aplicaciones que ha abierto desde aquí.',
  logout: 'Cerrar sesión',
  stay: 'Seguir conectado',
  loggedOut: 'La sesión se ha cerrado',
  loggedOutText: 'Puede cerrar esta página.',
  stillIn: 'La sesión sigue abierta',
  nothingChanged: 'No se ha cambiado nada. Puede cerrar esta página.',
  notLoggedIn: 'No ha iniciado sesión',
}

const languages: Readonly<Record<Language, Words>> = { en, pt, es }

export const languageTags = Object.keys(languages) as readonly Language[]

/** The language of a page: see `languageOf`. */
export function wordsFor(request: SurfaceRequest, uiLocales: string = ''): Words {
  return languages[languageOf(request, languageTags, uiLocales) ?? 'en']
}

/** Puts names into a sentence, which they do not turn. */
export function fill(sentence: string, names: Readonly<Record<string, string>>): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => isolated(names[name] ?? ''))
}
