/** An email address as people should see it: the stand-in of an account without one (RFC 2606, `.invalid`) is left out. */
export function shownEmail(email: string): string {
  return email.endsWith('.invalid') ? '' : email;
}
