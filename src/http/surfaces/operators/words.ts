/** What the pages say, in each language. */
import type { DialectRequest } from '../../dialect.ts'
import { languageOf } from '../../language.ts'

export interface Words {
  /** BCP 47. */
  readonly lang: string
  readonly signIn: string
  readonly lead: string
  readonly name: string
  readonly password: string
  readonly wrong: string
  readonly tooMany: string
  readonly signedOut: string
  readonly setUp: string
  readonly setUpLead: string
  readonly code: string
  readonly newName: string
  readonly nameHint: string
  readonly newPassword: string
  readonly passwordHint: string
  readonly create: string
  readonly wrongCode: string
  readonly wrongName: string
  readonly wrongNewPassword: string
  readonly nameTaken: string
  readonly failed: string
  readonly again: string
}

const en: Words = {
  lang: 'en',
  signIn: 'Sign in',
  lead: 'to the console of this server',
  name: 'Name',
  password: 'Password',
  wrong: 'That did not work. Check what you typed and try again.',
  tooMany: 'Too many attempts. Wait a minute and try again.',
  signedOut: 'You are signed out.',
  setUp: 'Become an operator',
  setUpLead: 'Choose the name and the password that you will sign in with.',
  code: 'Code: what stands behind the # of the link',
  newName: 'Name',
  nameHint: 'lower-case letters, digits and . _ @ + -',
  newPassword: 'Password',
  passwordHint: 'at least 12 characters',
  create: 'Create and sign in',
  wrongCode: 'This link was used or has expired. Ask for another one.',
  wrongName: 'This name will not do: use lower-case letters, digits and . _ @ + -',
  wrongNewPassword: 'This password will not do: it needs 12 characters or more.',
  nameTaken: 'Somebody has this name. Choose another one.',
  failed: 'That did not work',
  again: 'Nothing was changed. Try again in a moment.',
}

const pt: Words = {
  lang: 'pt',
  signIn: 'Entrar',
  lead: 'na consola deste servidor',
  name: 'Nome',
  password: 'Palavra-passe',
  wrong: 'Não funcionou. Verifique o que escreveu e tente de novo.',
  tooMany: 'Demasiadas tentativas. Espere um minuto e tente de novo.',
  signedOut: 'A sessão terminou.',
  setUp: 'Tornar-se operador',
  setUpLead: 'Escolha o nome e a palavra-passe com que vai entrar.',
  code: 'Código: o que está depois do # da ligação',
  newName: 'Nome',
  nameHint: 'letras minúsculas, algarismos e . _ @ + -',
  newPassword: 'Palavra-passe',
  passwordHint: 'pelo menos 12 caracteres',
  create: 'Criar e entrar',
  wrongCode: 'Esta ligação já foi usada ou expirou. Peça outra.',
  wrongName: 'Este nome não serve: use letras minúsculas, algarismos e . _ @ + -',
  wrongNewPassword: 'Esta palavra-passe não serve: precisa de 12 caracteres ou mais.',
  nameTaken: 'Alguém já tem este nome. Escolha outro.',
  failed: 'Não funcionou',
  again: 'Nada foi alterado. Tente de novo dentro de momentos.',
}

const es: Words = {
  lang: 'es',
  signIn: 'Iniciar sesión',
  lead: 'en la consola de este servidor',
  name: 'Nombre',
  password: 'Contraseña',
  wrong: 'No ha funcionado. Compruebe lo que ha escrito e inténtelo de nuevo.',
  tooMany: 'Demasiados intentos. Espere un minuto e inténtelo de nuevo.',
  signedOut: 'La sesión se ha cerrado.',
  setUp: 'Convertirse en operador',
  setUpLead: 'Elija el nombre y la contraseña con los que iniciará sesión.',
  code: 'Código: lo que sigue al # del enlace',
  newName: 'Nombre',
  nameHint: 'letras minúsculas, cifras y . _ @ + -',
  newPassword: 'Contraseña',
  passwordHint: 'al menos 12 caracteres',
  create: 'Crear e iniciar sesión',
  wrongCode: 'Este enlace ya se ha usado o ha caducado. Pida otro.',
  wrongName: 'Este nombre no sirve: use letras minúsculas, cifras y . _ @ + -',
  wrongNewPassword: 'Esta contraseña no sirve: necesita 12 caracteres o más.',
  nameTaken: 'Alguien ya tiene este nombre. Elija otro.',
  failed: 'No ha funcionado',
  again: 'No se ha cambiado nada. Inténtelo de nuevo en un momento.',
}

const languages: Readonly<Record<string, Words>> = { en, pt, es }

/** The language of a page: see `languageOf`. */
export function wordsFor(request: DialectRequest): Words {
  return languages[languageOf(request, Object.keys(languages)) ?? 'en'] ?? en
}
