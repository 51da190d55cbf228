/** As settings.schema.json has them; Veche fills in the defaults. */
export interface Settings {
  daysAhead: number;
  meetingMinutes: number;
}
