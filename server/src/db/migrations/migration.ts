/** One step of the schema: SQL forward (given the quoted name of the application's role) and back. */
export interface Migration {
  name: string;
  up: (appRole: string) => string;
  down: string;
}
