;; The arithmetic of an LSTM with weights of 8 bits and inputs of 16 bits, in WebAssembly with SIMD.
;;
;; `kernel.wasm` is this file, assembled. Sums of products are exact integers; all else is float32, each operation
;; rounded by itself. So every browser computes the same bits, as do `network.js` without WebAssembly and
;; `network.py`. Relaxed SIMD, which may round differently on each machine, stays out.
(module
  (import "host" "memory" (memory 1))

  ;; out[row] = (weights[row] . x) * scale[row] + bias[row], for each of `rows` (a multiple of 4).
  ;; weights: int8 (rows, columns), columns a multiple of 8; x: int16 (columns); scale, bias, out: float32 (rows).
  (func (export "product")
    (param $weights i32) (param $x i32) (param $scale i32) (param $bias i32) (param $out i32)
    (param $rows i32) (param $columns i32)
    (local $second i32) (local $third i32) (local $fourth i32) (local $end i32) (local $at i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $inputs v128)
    (loop $four_rows
      (local.set $second (i32.add (local.get $weights) (local.get $columns)))
      (local.set $third (i32.add (local.get $second) (local.get $columns)))
      (local.set $fourth (i32.add (local.get $third) (local.get $columns)))
      (local.set $end (local.get $second))
      (local.set $at (local.get $x))
      (local.set $a (v128.const i32x4 0 0 0 0))
      (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0))
      (local.set $d (v128.const i32x4 0 0 0 0))
      (loop $eight_columns
        (local.set $inputs (v128.load (local.get $at)))
        (local.set $a (i32x4.add (local.get $a)
          (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $weights)) (local.get $inputs))))
        (local.set $b (i32x4.add (local.get $b)
          (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $second)) (local.get $inputs))))
        (local.set $c (i32x4.add (local.get $c)
          (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $third)) (local.get $inputs))))
        (local.set $d (i32x4.add (local.get $d)
          (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $fourth)) (local.get $inputs))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $second (i32.add (local.get $second) (i32.const 8)))
        (local.set $third (i32.add (local.get $third) (i32.const 8)))
        (local.set $fourth (i32.add (local.get $fourth) (i32.const 8)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 8)))
        (br_if $eight_columns (i32.lt_u (local.get $weights) (local.get $end))))
      ;; The four sums of each row become one, and the four rows one vector.
      (v128.store (local.get $out)
        (f32x4.add
          (f32x4.mul
            (f32x4.convert_i32x4_s
              (call $add_across
                (call $add_across (local.get $a) (local.get $b))
                (call $add_across (local.get $c) (local.get $d))))
            (v128.load (local.get $scale)))
          (v128.load (local.get $bias))))
      (local.set $weights (local.get $fourth))
      (local.set $scale (i32.add (local.get $scale) (i32.const 16)))
      (local.set $bias (i32.add (local.get $bias) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $four_rows (local.tee $rows (i32.sub (local.get $rows) (i32.const 4))))))

  ;; The sums of neighbours: a0 + a1, a2 + a3, b0 + b1, b2 + b3.
  (func $add_across (param $a v128) (param $b v128) (result v128)
    (i32x4.add
      (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $a) (local.get $b))
      (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $a) (local.get $b))))

  ;; Advance a layer of `size` units (a multiple of 4) by one character.
  ;; gates: float32 (4, size): forget, input and output before their sigmoids, halved; then the new value before its
  ;; tanh. cell: float32 (size), updated. shown: float32 (size), the tanh of the new cell. hidden: int16 (size), the new
  ;; hidden values times `levels`, which the next products read.
  (func (export "advance")
    (param $gates i32) (param $cell i32) (param $shown i32) (param $hidden i32) (param $size i32) (param $levels f32)
    (local $quarter i32) (local $end i32) (local $new v128)
    (local.set $quarter (i32.shl (local.get $size) (i32.const 2)))
    (local.set $end (i32.add (local.get $gates) (local.get $quarter)))
    (loop $four_units
      (local.set $new
        (f32x4.add
          (f32x4.mul
            (call $sigmoid (v128.load (local.get $gates)))
            (v128.load (local.get $cell)))
          (f32x4.mul
            (call $sigmoid (v128.load (i32.add (local.get $gates) (local.get $quarter))))
            (call $tanh (v128.load
              (i32.add (local.get $gates) (i32.mul (local.get $quarter) (i32.const 3))))))))
      (v128.store (local.get $cell) (local.get $new))
      (local.set $new (call $tanh (local.get $new)))
      (v128.store (local.get $shown) (local.get $new))
      (local.set $new
        (i32x4.trunc_sat_f32x4_s
          (f32x4.nearest
            (f32x4.mul
              (f32x4.mul
                (call $sigmoid (v128.load
                  (i32.add (local.get $gates) (i32.shl (local.get $quarter) (i32.const 1)))))
                (local.get $new))
              (f32x4.splat (local.get $levels))))))
      (v128.store64_lane 0 (local.get $hidden) (i16x8.narrow_i32x4_s (local.get $new) (local.get $new)))
      (local.set $cell (i32.add (local.get $cell) (i32.const 16)))
      (local.set $shown (i32.add (local.get $shown) (i32.const 16)))
      (local.set $hidden (i32.add (local.get $hidden) (i32.const 8)))
      (br_if $four_units
        (i32.lt_u (local.tee $gates (i32.add (local.get $gates) (i32.const 16))) (local.get $end)))))

  ;; sigmoid(2 x) = (1 + tanh(x)) / 2
  (func $sigmoid (param $x v128) (result v128)
    (f32x4.add
      (f32x4.mul (call $tanh (local.get $x)) (v128.const f32x4 0.5 0.5 0.5 0.5))
      (v128.const f32x4 0.5 0.5 0.5 0.5)))

  ;; The rational function by which Eigen computes tanh in float32: an odd polynomial over an even one, by Horner's rule.
  (func $tanh (param $x v128) (result v128)
    (local $square v128) (local $top v128) (local $bottom v128)
    (local.set $x
      (f32x4.max
        (v128.const f32x4 -7.905311 -7.905311 -7.905311 -7.905311)
        (f32x4.min (v128.const f32x4 7.905311 7.905311 7.905311 7.905311) (local.get $x))))
    (local.set $square (f32x4.mul (local.get $x) (local.get $x)))
    (local.set $top (v128.const f32x4 -2.76076847742355e-16 -2.76076847742355e-16 -2.76076847742355e-16 -2.76076847742355e-16))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 2.00018790482477e-13 2.00018790482477e-13 2.00018790482477e-13 2.00018790482477e-13)))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 -8.60467152213735e-11 -8.60467152213735e-11 -8.60467152213735e-11 -8.60467152213735e-11)))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 5.12229709037114e-08 5.12229709037114e-08 5.12229709037114e-08 5.12229709037114e-08)))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 1.48572235717979e-05 1.48572235717979e-05 1.48572235717979e-05 1.48572235717979e-05)))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 6.37261928875436e-04 6.37261928875436e-04 6.37261928875436e-04 6.37261928875436e-04)))
    (local.set $top (f32x4.add (f32x4.mul (local.get $top) (local.get $square))
      (v128.const f32x4 4.89352455891786e-03 4.89352455891786e-03 4.89352455891786e-03 4.89352455891786e-03)))
    (local.set $bottom (v128.const f32x4 1.19825839466702e-06 1.19825839466702e-06 1.19825839466702e-06 1.19825839466702e-06))
    (local.set $bottom (f32x4.add (f32x4.mul (local.get $bottom) (local.get $square))
      (v128.const f32x4 1.18534705686654e-04 1.18534705686654e-04 1.18534705686654e-04 1.18534705686654e-04)))
    (local.set $bottom (f32x4.add (f32x4.mul (local.get $bottom) (local.get $square))
      (v128.const f32x4 2.26843463243900e-03 2.26843463243900e-03 2.26843463243900e-03 2.26843463243900e-03)))
    (local.set $bottom (f32x4.add (f32x4.mul (local.get $bottom) (local.get $square))
      (v128.const f32x4 4.89352518554385e-03 4.89352518554385e-03 4.89352518554385e-03 4.89352518554385e-03)))
    (f32x4.div (f32x4.mul (local.get $x) (local.get $top)) (local.get $bottom)))
)
