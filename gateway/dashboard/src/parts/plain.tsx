// Text as it was written, which scrolls where it is wider than its place, by the keyboard too.
export function Plain({
  label,
  className,
  children,
}: {
  label: string;
  className?: string;
  children: string;
}) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be within reach of the keyboard
    <pre role="group" aria-label={label} tabIndex={0} className={className}>
      {children}
    </pre>
  );
}
