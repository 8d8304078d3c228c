/**
 * Objectives as dashboards name them: the chart puts the numbers of `slo.json` in place of the words between @, so that rules and
 * dashboards say the same.
 */
export const objectives = {
  delivery: '@delivery.objective@',
  threshold: '@delivery.threshold_seconds@',
  api: '@api.objective@',
  connect: '@connect.objective@',
} as const;
