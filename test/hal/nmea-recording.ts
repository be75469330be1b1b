/**
 * An hour of two receivers in miniature: what real lines bring, one piece after the other, each
 * with what must become of it. Made for these tests; the forms are those that NEO-6M and L76
 * modules send, the place is that of u-blox's own examples.
 *
 * Fates: the sentence's type, `ubx` with class and id, the kind of damage, how many bytes belonged
 * to nothing.
 */
export const RECORDING: readonly (readonly [text: string, fates: readonly string[]])[] = [
  // Just switched on: nothing is known.
  ["$GPRMC,,V,,,,,,,,,,N*53\r\n", ["RMC"]],
  ["$GPGGA,,,,,,0,00,99.99,,,,,,*48\r\n", ["GGA"]],
  ["$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30\r\n", ["GSA"]],
  ["$GPGSV,1,1,01,24,,,33*7E\r\n", ["GSV"]],
  ["$GPGLL,,,,,,V,N*64\r\n", ["GLL"]],
  ["$GPTXT,01,01,02,ANTSTATUS=OK*3B\r\n", ["TXT"]],
  // The time is known before the place.
  ["$GPRMC,153157.00,V,,,,,,,051125,,,N*7B\r\n", ["RMC"]],
  ["$GPGGA,153157.00,,,,,0,00,99.99,,,,,,*62\r\n", ["GGA"]],
  ["$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30\r\n", ["GSA"]],
  // Zeros that are no place: off the coast of Ghana nobody is.
  ["$GPRMC,153158.00,V,0000.00000,N,00000.00000,E,,,051125,,,N*4F\r\n", ["RMC"]],
  ["$GPGGA,153158.00,0000.00000,N,00000.00000,E,0,00,99.99,,,,,,*56\r\n", ["GGA"]],
  ["$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30\r\n", ["GSA"]],
  // The first fix, without height.
  ["$GPRMC,153200.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*50\r\n", ["RMC"]],
  ["$GPGGA,153200.00,4717.11399,N,00833.91590,E,1,03,4.87,499.6,M,48.0,M,,*55\r\n", ["GGA"]],
  ["$GPGSA,A,2,03,06,11,,,,,,,,,,5.01,4.87,1.00*08\r\n", ["GSA"]],
  // With height.
  ["$GPRMC,153201.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*51\r\n", ["RMC"]],
  ["$GPGGA,153201.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*54\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // The program was busy: the port lost the first half.
  ["15,270,31,11,41,010,40*7C\r\n", ["noise 25"]],
  // Cut in the middle by the next.
  ["$GPRMC,153202.00,A,4717.11399,N", ["cut"]],
  ["$GPGGA,153202.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*57\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // One digit flipped: the checksum tells.
  ["$GPRMC,153203.00,A,4717.11399,N,00838.91590,E,0.004,77.52,051125,,,A*53\r\n", ["checksum"]],
  ["$GPGGA,153203.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*56\r\n", ["GGA"]],
  // Two flips that the XOR does not see: GGA is a degree south of RMC.
  ["$GPRMC,153204.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*54\r\n", ["RMC"]],
  ["$GPGGA,153204.00,4617.11399,N,00833.91590,E,1,09,1.01,499.6,M,48.0,M,,*51\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // CR missing, then CR and LF.
  ["$GPRMC,153205.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*55\n", ["RMC"]],
  ["$GPGGA,153205.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*50", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // Binary between the lines, with a dollar sign and line ends inside.
  ["\xb5\x62\x05\x01\x02\x00\x06\x01\x0f\x38", ["ubx 5 1"]],
  [
    "\xb5\x62\x01\x03\x10\x00\x24\x0d\x0a\x24\x47\x50\x2a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x34\x38",
    ["ubx 1 3"],
  ],
  ["$GPRMC,153206.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*56\r\n", ["RMC"]],
  // A binary message whose length is damaged: 64 in place of 2. Nothing behind it is lost.
  ["\xb5\x62\x05\x01\x40\x00\x06\x08\x16\x3f", ["checksum", "noise 10"]],
  ["$GPGGA,153206.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*53\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // Too long for any sentence that is used.
  [`$GPTXT,01,01,02,${"A".repeat(130)}*4D\r\n`, ["too-long", "noise 28"]],
  // Without a checksum nothing is believed.
  ["$GPGGA,153207.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,\r\n", ["no-checksum"]],
  // Noise of a loose wire, with starts in it.
  ["\x00\xff\x80\xfe\x24\xb5\x24", ["noise 5", "cut"]],
  // Another receiver: two talkers say the same moment twice.
  ["$GNRMC,153208.000,A,4717.1140,N,00833.9159,E,0.00,77.52,051125,,,D*40\r\n", ["cut", "RMC"]],
  ["$GPGGA,153208.000,4717.1140,N,00833.9159,E,2,08,1.01,499.6,M,48.0,M,,*69\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  ["$GLGSA,A,3,65,72,81,,,,,,,,,,1.94,1.01,1.66*1C\r\n", ["GSA"]],
  ["$GNGGA,153208.000,4717.1140,N,00833.9159,E,2,11,0.90,499.6,M,48.0,M,,*76\r\n", ["GGA"]],
  // A firmware that is a rollover behind: 1024 weeks before 2025-11-05.
  ["$GPRMC,153209.00,A,4717.11399,N,00833.91590,E,0.004,77.52,220306,,,A*5E\r\n", ["RMC"]],
  ["$GPGGA,153209.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5C\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
  // Estimated, not measured: dead reckoning in a tunnel.
  ["$GPRMC,153210.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,E*55\r\n", ["RMC"]],
  ["$GPGGA,153210.00,4717.11399,N,00833.91590,E,6,00,99.99,499.6,M,48.0,M,,*6B\r\n", ["GGA"]],
  ["$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30\r\n", ["GSA"]],
  // Checked and impossible: 60 minutes, a time of 25 hours, an hour's name for a number.
  ["$GPGGA,153211.00,4760.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*55\r\n", ["GGA"]],
  ["$GPGGA,253211.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*56\r\n", ["GGA"]],
  ["$GPGGA,153211.00,4717.11399,N,00833.91590,E,1,08,1e1,499.6,M,48.0,M,,*2E\r\n", ["GGA"]],
  // An anemometer on the same line is no receiver.
  ["$WIMWV,214.8,R,0.1,K,A*28\r\n", ["WIMWV"]],
  // A maker's own sentence gives a position, too: it is not one of ours.
  [
    "$PUBX,00,153211.00,4717.11399,N,00833.91590,E,546.589,G3,2.1,2.0,0.007,77.52,0.007,,0.92,1.19,0.77,9,0,0*51\r\n",
    ["PUBX"],
  ],
  // The last fix, south and west.
  ["$GPRMC,153212.00,A,4717.11399,S,00833.91590,W,0.004,77.52,051125,,,A*5C\r\n", ["RMC"]],
  ["$GPGGA,153212.00,4717.11399,S,00833.91590,W,1,08,1.01,-12.3,M,48.0,M,,*46\r\n", ["GGA"]],
  ["$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n", ["GSA"]],
];
